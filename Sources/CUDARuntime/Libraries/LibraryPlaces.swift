import Formats

/// The folders in which CUDA's libraries may be, in the order in which they are tried.
struct LibraryPlaces {
  let loader: LibraryLoader

  #if arch(arm64)
    private static let architecture = "aarch64-linux-gnu"
  #else
    private static let architecture = "x86_64-linux-gnu"
  #endif

  /// Folders that the user named in `APUS_CUDA_LIBRARIES`, separated by colons; a folder into which pip put packages
  /// (`pip install --target`) counts too.
  var named: [String] {
    list("APUS_CUDA_LIBRARIES").flatMap { [$0] + pythonFolders(in: $0) }
  }

  /// All others, for when the system's loader knows none.
  var others: [String] {
    let toolkits =
      ["CUDA_HOME", "CUDA_PATH"].compactMap { loader.environment[$0] }.filter { !$0.isEmpty }
      + loader.names("/usr/local").filter { $0.hasPrefix("cuda") }.reversed().map { "/usr/local/" + $0 }
    let system = [
      "/usr/lib/\(Self.architecture)", "/usr/lib64", "/usr/local/nvidia/lib64", "/usr/lib/wsl/lib",
    ]
    // Where the messages about missing libraries have pip put them.
    let own = loader.environment["HOME"].map { pythonFolders(in: $0.appendingPath(".cache/apus-cuda")) } ?? []
    var seen: Set<String> = []
    return (own + toolkits.map { $0.appendingPath("lib64") } + system + sitePackages.flatMap(pythonFolders))
      .filter { seen.insert($0).inserted }
  }

  /// `nvidia/*/lib` in a folder of Python packages: `nvidia/cuda_nvrtc/lib` of CUDA 12, `nvidia/cu13/lib` of 13.
  private func pythonFolders(in sitePackages: String) -> [String] {
    let packages = sitePackages.appendingPath("nvidia")
    return loader.names(packages).map { packages.appendingPath($0).appendingPath("lib") }.filter(loader.exists)
  }

  /// Where Python keeps packages: the active environment, those whose programs are on the path, the user's, and the
  /// system's.
  private var sitePackages: [String] {
    let environments = ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap { loader.environment[$0] }
    let programs = list("PATH").filter { $0.lastPathPart == "bin" }.map(\.parentPath)
    let home = loader.environment["HOME"].map { [$0.appendingPath(".local")] } ?? []
    return (environments + programs + home + ["/usr/local", "/usr"]).filter { !$0.isEmpty }.flatMap { prefix in
      let library = prefix.appendingPath("lib")
      return loader.names(library).filter { $0.hasPrefix("python3") }.flatMap { python in
        ["site-packages", "dist-packages"].map { library.appendingPath(python).appendingPath($0) }
      }
    }
  }

  private func list(_ variable: String) -> [String] {
    loader.environment[variable]?.split(separator: ":").map(String.init) ?? []
  }
}
