// Addresses that may not be touched.
#pragma once

// From now on a kernel that touches one ends its launch with an error that says where; the host that touches device
// memory ends the program, saying so.
void catch_faults();
