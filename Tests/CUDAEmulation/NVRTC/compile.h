// Makes a shared object of a kernel's text, once: results stay in APUS_EMULATED_CACHE, or beside this library.
#pragma once
#include <string>
#include <vector>

// `defines` are options as -DNAME=VALUE. False: `log` says why.
bool compile(const std::string &text, const std::string &name, const std::vector<std::string> &defines,
             std::string &code, std::string &log);
