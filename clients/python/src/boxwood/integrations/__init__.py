# SPDX-License-Identifier: MIT
"""Boxwood as a part of other tools. Each module needs the extra of its name."""
