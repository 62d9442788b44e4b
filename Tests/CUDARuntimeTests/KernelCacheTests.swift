import CUDARuntime
import Formats
import Foundation
import TestSupport
import Testing

@Suite struct KernelCacheTests {
  private let folder: TemporaryFolder
  private let cache: KernelCache

  init() throws {
    folder = try TemporaryFolder()
    cache = KernelCache(folder: folder.path.appendingPath("deep/kernels"))
  }

  private func code(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255) } }

  @Test func givesBackWhatWasStored() throws {
    let first = code(10_001), second = code(77)
    try cache.store(first, as: "one")
    try cache.store(second, as: "two")
    #expect(cache.load("one") == first && cache.load("two") == second)
    #expect(cache.load("three") == nil)
  }

  @Test func takesDamagedFilesForMissing() throws {
    let stored = code(5000)
    try cache.store(stored, as: "key")
    let name = try #require(try Paths.names(inFolder: cache.folder).first)
    let path = cache.folder.appendingPath(name)
    let whole = try contents(path)
    var changed = whole
    changed[Int.random(in: 0..<whole.count)] ^= 1
    for damaged in [changed, Array(whole.dropLast()), Array(whole.prefix(20)), whole + [0], []] {
      try AtomicFile.write(damaged, to: path)
      #expect(cache.load("key") == nil)
    }
    try cache.store(stored, as: "key")
    #expect(cache.load("key") == stored)
  }

  @Test func manyMayWriteTheSameAtOnce() async throws {
    let stored = code(200_000)
    let cache = cache
    try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
      for _ in 0..<16 {
        group.addTask {
          try cache.store(stored, as: "key")
          return cache.load("key")
        }
      }
      for try await loaded in group { #expect(loaded == stored) }
    }
    #expect(try Paths.names(inFolder: cache.folder).count == 1)
  }

  @Test func saysWhyItCannotWrite() throws {
    try folder.file("file", "in the way")
    let cache = KernelCache(folder: folder.path.appendingPath("file/kernels"))
    #expect(sentence { try cache.store([1], as: "key") }.contains("file"))
  }

  @Test func standsWhereTheSystemKeepsCaches() {
    func folder(_ environment: [String: String]) -> String? { KernelCache.standard(environment: environment)?.folder }
    #expect(folder(["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/apus/kernels")
    #expect(folder(["XDG_CACHE_HOME": "x", "HOME": "/h"]) == "/h/.cache/apus/kernels")
    #expect(folder(["HOME": "/h"]) == "/h/.cache/apus/kernels")
    #expect(folder([:]) == nil)
  }
}
