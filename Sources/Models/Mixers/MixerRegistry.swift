/// The ways to mix tokens that configurations can name.
public enum MixerRegistry {
  /// One line each.
  public static let kinds: [any MixerKind.Type] = [
    SoftmaxAttention.self,
    LatentAttention.self,
    LinearAttention.self, LightningAttention.self, GatedDeltaNet.self, KimiDeltaAttention.self,
    Mamba.self, Mamba2.self, MLSTM.self, GateLoop.self, HGRN2.self, RWKV6.self,
    ParallelMixers.self, SharedBlock.self,
  ]
}
