// SPDX-License-Identifier: MIT
#include "include/sentencepiece_shim.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

struct bw_sentencepiece {
    sentencepiece::SentencePieceProcessor processor;
};

static void copy_message(const std::string &text, char *message, size_t capacity) {
    if (capacity == 0) return;
    size_t count = std::min(text.size(), capacity - 1);
    std::memcpy(message, text.data(), count);
    message[count] = 0;
}

extern "C" bw_sentencepiece *bw_sentencepiece_load(const char *path, char *message, size_t capacity) {
    try {
        auto handle = std::make_unique<bw_sentencepiece>();
        auto status = handle->processor.Load(path);
        if (!status.ok()) {
            copy_message(status.ToString(), message, capacity);
            return nullptr;
        }
        return handle.release();
    } catch (const std::exception &error) {
        copy_message(error.what(), message, capacity);
    } catch (...) {
        copy_message("unknown failure", message, capacity);
    }
    return nullptr;
}

extern "C" void bw_sentencepiece_free(bw_sentencepiece *processor) { delete processor; }

extern "C" int32_t bw_sentencepiece_size(const bw_sentencepiece *processor) {
    return processor->processor.GetPieceSize();
}

extern "C" const char *bw_sentencepiece_piece(const bw_sentencepiece *processor, int32_t id, size_t *length) {
    if (id < 0 || id >= processor->processor.GetPieceSize()) return nullptr;
    const std::string &piece = processor->processor.IdToPiece(id);
    *length = piece.size();
    return piece.data();
}

extern "C" float bw_sentencepiece_score(const bw_sentencepiece *processor, int32_t id) {
    if (id < 0 || id >= processor->processor.GetPieceSize()) return 0;
    return processor->processor.GetScore(id);
}

extern "C" int32_t bw_sentencepiece_is_text(const bw_sentencepiece *processor, int32_t id) {
    if (id < 0 || id >= processor->processor.GetPieceSize()) return 0;
    const auto &p = processor->processor;
    return !(p.IsControl(id) || p.IsUnknown(id) || p.IsUnused(id));
}
