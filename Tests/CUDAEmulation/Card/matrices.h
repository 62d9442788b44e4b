// What a warp's matrix instructions do.
#pragma once

void mma_m16n8k16_bf16(void **items, unsigned lanes);
void mma_m16n8k8_tf32(void **items, unsigned lanes);
void load_matrix(void **items, unsigned lanes);
