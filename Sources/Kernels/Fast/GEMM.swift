// SPDX-License-Identifier: MIT

internal import COpenBLAS

/// The one place that calls OpenBLAS: single-precision matrix products, row-major.
enum GEMM {
    /// `c = alpha · a · bᵀ`: a `[m, k]`, b `[n, k]`, c `[m, n]`; `lda`, `ldb`, `ldc` are the distances of rows in elements.
    static func timesTransposed(
        _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int, _ c: UnsafeMutablePointer<Float>,
        ldc: Int, m: Int, n: Int, k: Int, alpha: Float = 1
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, blasint(m), blasint(n), blasint(k), alpha, a, blasint(lda), b,
            blasint(ldb), 0, c, blasint(ldc))
    }

    /// `c = a · b`: a `[m, k]`, b `[k, n]`, c `[m, n]`.
    static func times(
        _ a: UnsafePointer<Float>, lda: Int, _ b: UnsafePointer<Float>, ldb: Int, _ c: UnsafeMutablePointer<Float>,
        ldc: Int, m: Int, n: Int, k: Int
    ) {
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(m), blasint(n), blasint(k), 1, a, blasint(lda), b,
            blasint(ldb), 0, c, blasint(ldc))
    }

    /// How many threads the products use, for the whole process.
    static func setThreads(_ count: Int) {
        openblas_set_num_threads(Int32(count))
    }
}
