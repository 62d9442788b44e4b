import CUDARuntime
import Testing

@Suite struct DriverErrorTests {
  private func failure<Value>(_ body: () throws(CUDAError) -> Value) -> CUDAError? {
    do {
      _ = try body()
      return nil
    } catch { return error }
  }

  @Test func namesAFunctionThatTheDriverLacks() throws {
    var machine = FakeMachine.withDriver
    machine.lacking = ["cuMemAlloc_v2"]
    let error = try #require(failure { () throws(CUDAError) in try CUDADriver(machine.finder) })
    #expect(error.kind == .missingFunction)
    #expect(error.description.contains("/usr/lib64/libcuda.so.1 has no function cuMemAlloc_v2"))
  }

  @Test func readsTheVersion() throws {
    #expect(try CUDADriver(FakeMachine.withDriver.finder).version == CUDAVersion(13, 0))
  }

  @Test func saysThatThereIsNoCard() throws {
    var machine = FakeMachine.withDriver
    let none: @convention(c) @Sendable (UInt32) -> Int32 = { _ in 100 }
    machine.functions["cuInit"] = FakeMachine.address(none)
    let error = try #require(failure { () throws(CUDAError) in try CUDADriver(machine.finder) })
    #expect(error.kind == .noDevice && error.description.contains("nvidia-smi"))
  }

  @Test func givesCUDAsNameAndTextOfAnErrorAndWhatHelps() throws {
    var machine = FakeMachine.withDriver
    let stub: @convention(c) @Sendable (UInt32) -> Int32 = { _ in 34 }
    typealias Explains = @convention(c) @Sendable (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Int32
    let name: Explains = {
      $1?.pointee = $0 == 34 ? ("CUDA_ERROR_STUB_LIBRARY" as StaticString).cString : nil
      return 0
    }
    let text: Explains = {
      $1?.pointee = $0 == 34 ? ("a stub was loaded" as StaticString).cString : nil
      return 0
    }
    machine.functions["cuInit"] = FakeMachine.address(stub)
    machine.functions["cuGetErrorName"] = FakeMachine.address(name)
    machine.functions["cuGetErrorString"] = FakeMachine.address(text)
    let error = try #require(failure { () throws(CUDAError) in try CUDADriver(machine.finder) })
    #expect(error.kind == .call(code: 34))
    for part in ["starting NVIDIA's driver", "CUDA_ERROR_STUB_LIBRARY", "a stub was loaded", "driver's own folder"] {
      #expect(error.description.contains(part), "\(part) in: \(error)")
    }
  }

  @Test func saysWhichCardsThereAre() throws {
    var machine = FakeMachine.withDriver
    let driver = try CUDADriver(machine.finder)
    let without = try #require(failure { () throws(CUDAError) in try CUDADevice(0, of: driver) })
    #expect(without.kind == .noDevice && without.description == "there is no card cuda:0: there is none")
    let two: @convention(c) @Sendable (UnsafeMutablePointer<Int32>?) -> Int32 = {
      $0?.pointee = 2
      return 0
    }
    machine.functions["cuDeviceGetCount"] = FakeMachine.address(two)
    let other = try CUDADriver(machine.finder)
    let third = try #require(failure { () throws(CUDAError) in try CUDADevice(2, of: other) })
    #expect(third.description == "there is no card cuda:2: there are 2, from cuda:0 on")
    #expect(try CUDADevice.all(of: other).count == 2)
  }

  @Test func theReportTellsMissingFromBroken() {
    let nothing = DeviceReport(FakeMachine().finder)
    #expect(!nothing.isUsable && nothing.cards.isEmpty && nothing.advice.isEmpty)
    #expect(nothing.libraries.map(\.library) == CUDALibrary.allCases)
    #expect(nothing.libraries.allSatisfy { $0.path == nil && $0.problem != nil })

    let driverAlone = DeviceReport(FakeMachine.withDriver.finder)
    #expect(!driverAlone.isUsable)
    #expect(driverAlone.libraries.first?.version == CUDAVersion(13, 0) && driverAlone.libraries.first?.problem == nil)
    #expect(driverAlone.advice.count == 2, "NVRTC and cuBLASLt: \(driverAlone.advice)")
    #expect(driverAlone.advice.contains { $0.contains("nvidia-cublas") })
  }
}

extension StaticString {
  /// The text as C has it, for as long as the program runs.
  fileprivate var cString: UnsafePointer<CChar> {
    UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
  }
}
