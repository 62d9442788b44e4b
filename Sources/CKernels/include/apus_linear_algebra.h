#ifndef APUS_LINEAR_ALGEBRA_H
#define APUS_LINEAR_ALGEBRA_H
#include "apus_base.h"

/// The eigenvectors of a symmetric matrix `[size, size]` as rows, largest eigenvalue first: Householder reduction to a
/// tridiagonal matrix and implicit QL iteration (Golub and Van Loan, Matrix Computations, chapter 8), in double. Nine
/// cubes of `size` operations on one thread. False where the iteration does not end, as with what is no number.
bool apus_eigenvectors(int64_t size, const float *matrix, float *rows);
/// Makes the rows of `rows` `[size, size]` orthonormal in their order, as the Q of a QR decomposition of the transpose
/// (but for signs); rows that depend on those before are replaced.
void apus_orthonormalize(int64_t size, float *rows);
#endif
