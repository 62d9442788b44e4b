/* ICU's package of locale tables, empty: what Foundation links otherwise is 34 MB of names of months, currencies and
   languages, of which Apus reads none. Regular expressions and letter cases are code, not tables. A program that asks for
   a table all the same gets ICU's error of a missing resource. The layout is that of a common data file without entries
   (ICU's udata.h and ucmndata.h). */

struct package {
  unsigned short header_size;
  unsigned char magic[2];
  unsigned short info_size, reserved;
  unsigned char is_big_endian, charset_family, char_size, reserved_byte;
  unsigned char format[4], format_version[4], data_version[4], padding[8];
  unsigned entries, end;
};

__attribute__((aligned(16))) const struct package ICU_SYMBOL = {
    32, {0xda, 0x27}, 20, 0, 0, 0, 2, 0, {'C', 'm', 'n', 'D'}, {1, 0, 0, 0}, {0, 0, 0, 0}, {0}, 0, 0};
