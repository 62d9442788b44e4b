// What a variant offers to products: a register tile and the packed layouts that feed it.
#ifndef APUS_GEMM_KERNEL_H
#define APUS_GEMM_KERNEL_H
#include "apus_gemm.h"

/// C tile `[tile_rows, tile_columns]` (row stride `c_stride` floats) = (C if accumulate) + A panel * B panel.
typedef void (*apus_tile_function)(int64_t depth, const void *a, const void *b, float *c, int64_t c_stride,
                                   bool accumulate);
/// The same with A's rows where they lie, `a_bytes` apart, their depth contiguous and a multiple of the unit.
typedef void (*apus_direct_tile_function)(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c,
                                          int64_t c_stride, bool accumulate);
/// Both with C in bf16, rounded from the registers; never added to.
typedef void (*apus_rounded_tile_function)(int64_t depth, const void *a, const void *b, uint16_t *c, int64_t c_stride);
typedef void (*apus_rounded_direct_function)(int64_t depth, const void *a, int64_t a_bytes, const void *b, uint16_t *c,
                                             int64_t c_stride);
/// Memory that is read later, fetched `lines` lines at a time.
typedef struct {
  const char *at, *end;
  int64_t lines;
} apus_coming;

/// What is fetched while a tile is computed, some of it every `APUS_FETCH_STEP` of depth.
typedef struct {
  apus_coming a, b;  // later rows of A and columns of B, into the second-level cache
  char *c;           // rows of C that the next tile writes, `c_rows` of `c_width` bytes, `c_bytes` apart
  int64_t c_bytes, c_width, c_rows, rows_at_once;
} apus_fetches;
enum { APUS_FETCH_STEP = 16 };

/// A tile like `apus_tile_function`'s of a packed panel, or of rows in place where `a_bytes` is not 0.
typedef void (*apus_fetching_tile_function)(int64_t depth, const void *a, int64_t a_bytes, const void *b, float *c,
                                            int64_t c_stride, bool accumulate, apus_fetches *fetches);
/// Packs one panel of vectors of length `depth`, vector v's element k at `data[v * vector_stride + k * depth_stride]`.
/// `count` of them exist, of which a tile's are taken; missing ones and depth up to the unit are filled with zero.
typedef void (*apus_pack_function)(const apus_matrix *source, int64_t depth, int64_t count, void *panel);

/// Work that is done a piece at a time beside the tiles of a product: these keep the tile unit busy and little else.
typedef struct apus_beside {
  void (*piece)(struct apus_beside *work);  // does the next one
  int64_t left;
  int64_t every, until;  // units of a tile's depth from one piece to the next, and before that one
} apus_beside;

static inline void apus_next_piece(apus_beside *work) {
  work->piece(work);
  work->left--;
}
/// `pieces` of work that are to be done during `units` of depth.
static inline apus_beside apus_work_beside(void (*piece)(apus_beside *work), int64_t pieces, int64_t units) {
  return (apus_beside){piece, pieces, units > pieces && pieces > 0 ? units / pieces : 1, 0};
}

/// Vectors that are packed a panel at a time.
typedef struct {
  apus_beside work;
  apus_pack_function pack;
  apus_matrix vectors;  // that are left
  int64_t count, depth;
  int width;
  char *to;
  size_t panel_bytes;
} apus_packing;

static inline void apus_pack_next_panel(apus_beside *work) {
  apus_packing *p = (apus_packing *)work;
  p->pack(&p->vectors, p->depth, p->count, p->to);
  const int64_t bytes = p->vectors.row_stride * (int64_t)apus_dtype_size(p->vectors.dtype);
  p->vectors.data = (const char *)p->vectors.data + p->width * bytes;
  p->to += p->panel_bytes;
  p->count -= p->width;
}

/// A row of whole tiles across the columns, and what is fetched and done meanwhile.
typedef struct {
  apus_beside *beside;
  int64_t depth, tiles;
  const char *a;    // a packed panel, or where `a_bytes` is not 0 rows in place, so far apart
  int64_t a_bytes;
  const char *b;    // the first tile's panel, `b_bytes` before the second's
  int64_t b_bytes;
  char *c;          // floats, or bf16 where they are to be rounded
  int64_t c_bytes;  // from row to row
  bool rounded;
  const char *from;  // floats that are added to, rows `from_bytes` apart; NULL: nothing is
  int64_t from_bytes;
  bool brings;       // each tile fetches the next one's B
  int64_t expected;  // rows of C that are fetched before they are needed, so many for each unit of depth
  // Where B is not fetched: lines that later tiles read, `lines` for each unit of depth, in rows of `row_lines`, after
  // each of which `skip` bytes are left out.
  const char *ahead;
  int64_t lines, row_lines, skip;
} apus_tile_row;
typedef void (*apus_tile_row_function)(const apus_tile_row *row);

typedef struct {
  int tile_rows, tile_columns;
  int depth_unit;      // depth is padded to a multiple of it
  int element_bytes;   // of a packed element
  bool fetches;        // whole tiles fetch the rows of A that follow
  bool whole_lines;    // of A a tile uses up a line at once, so that it does not matter which ones a cache can hold
  // A row of tiles is taken across the columns, so many of depth at a time, before the one below it;
  // 0: a column of them.
  int across;
  apus_tile_row_function tile_row;  // takes the whole tiles of such a row; NULL: the others do
  // Strips of queries that attention's backward pass takes together, and blocks of keys that the forward pass does: deep
  // products pay where a tile's sums go through memory.
  int strips, key_blocks;
  int depth_block;     // of a much deeper product, what is taken at once, a multiple of the unit; 0: as it suits
  apus_tile_function tile;
  apus_tile_function tile_short;  // only the first `short_rows` rows of a packed tile; NULL: there is none
  int short_rows;
  // Of a left operand in the kernel's own type, NULL where it is always packed: a whole tile, 4 rows of one, 1 row.
  apus_direct_tile_function tile_direct, direct_4, direct_1;
  apus_fetching_tile_function tile_fetching;  // whole tiles; NULL: there is none
  apus_rounded_tile_function tile_rounded;  // NULL where tiles are only float
  apus_rounded_direct_function direct_rounded;
  apus_pack_function pack_a, pack_b;  // source's rows are the vectors, its columns the depth
  apus_pack_function pack_a_aside, pack_b_aside;  // past the caches, for what is not soon read; NULL: there are none
  void (*begin)(void);  // before a task's use of `tile`: AMX configures its registers; NULL: nothing
} apus_gemm_kernel;

// The processor's own fetching begins anew with each page of 4 KiB, and rows that lie in place may be in another core's
// cache.
#define APUS_FETCH(address) __builtin_prefetch(address, 0, 2)
#define APUS_FETCH_PANEL(at) APUS_FETCH((const char *)(at) + 2048)

static inline void apus_fetch_coming(apus_coming *s) {
  for (int64_t i = 0; i < s->lines && s->at < s->end; i++, s->at += 64) APUS_FETCH(s->at);
}
static inline void apus_fetch_some(apus_fetches *f) {
  apus_fetch_coming(&f->a);
  apus_fetch_coming(&f->b);
  for (int64_t i = 0; i < f->rows_at_once && f->c_rows > 0; i++, f->c_rows--, f->c += f->c_bytes)
    for (int64_t byte = 0; byte < f->c_width; byte += 64) __builtin_prefetch(f->c + byte, 1);
}

static inline int64_t apus_padded_depth(const apus_gemm_kernel *k, int64_t depth) {
  return (depth + k->depth_unit - 1) / k->depth_unit * k->depth_unit;
}
static inline size_t apus_panel_a_bytes(const apus_gemm_kernel *k, int64_t depth) {
  return (size_t)apus_padded_depth(k, depth) * (size_t)k->tile_rows * (size_t)k->element_bytes;
}
static inline size_t apus_panel_b_bytes(const apus_gemm_kernel *k, int64_t depth) {
  return (size_t)apus_padded_depth(k, depth) * (size_t)k->tile_columns * (size_t)k->element_bytes;
}

/// The tile for large products, and the one with few rows for attention.
const apus_gemm_kernel *apus_gemm_kernel_for(apus_dtype compute);
const apus_gemm_kernel *apus_attention_kernel_for(apus_dtype compute);

#endif
