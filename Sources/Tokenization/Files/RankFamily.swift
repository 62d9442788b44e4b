/// What a file of ranks does not say itself: how text is cut, and which special tokens follow the ranks.
struct RankFamily {
  var preTokenizer: PreTokenizer
  var specialTokens: [String]
  var beginningOfText: String?
  var endOfText: String?
  /// Whether text is brought to NFC first.
  var isComposed = false

  /// The family of a file by how many ranks it has; Llama 3 where the number is unknown.
  static func ofRanks(_ count: Int) -> RankFamily {
    switch count {
    case 151_643: qwen
    case 248_044: qwen35
    case 200_000: llama4
    case 199_998: RankFamily(preTokenizer: .o200k, specialTokens: ["<|endoftext|>"], endOfText: "<|endoftext|>")
    case 50_256: RankFamily(preTokenizer: .gpt2, specialTokens: ["<|endoftext|>"], endOfText: "<|endoftext|>")
    default: llama3
    }
  }

  static let llama3 = RankFamily(
    preTokenizer: .llama3,
    specialTokens: [
      "<|begin_of_text|>", "<|end_of_text|>", "<|reserved_special_token_0|>", "<|reserved_special_token_1|>",
      "<|finetune_right_pad_id|>", "<|step_id|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>",
      "<|eot_id|>", "<|python_tag|>", "<|image|>",
    ] + (2..<246).map { "<|reserved_special_token_\($0)|>" },
    beginningOfText: "<|begin_of_text|>", endOfText: "<|end_of_text|>")

  static let llama4 = RankFamily(
    preTokenizer: .o200k,
    specialTokens: {
      let post = "text_post_train_reserved_special_token_"
      var names = ["begin_of_text", "end_of_text", "fim_prefix", "fim_middle", "fim_suffix"]
      names += ["header_start", "header_end", "eom", "eot", "step"] + (0..<6).map { "\(post)\($0)" }
      names += ["python_start", "python_end", "finetune_right_pad"] + (8..<69).map { "\(post)\($0)" }
      let vision = "vision_reserved_special_token_"
      names += ["image_start", "image_end", "\(vision)0", "\(vision)1", "tile_x_separator", "tile_y_separator"]
      names +=
        (2..<6).map { "\(vision)\($0)" } + ["image", "\(vision)6", "patch"] + (7..<1048).map { "\(vision)\($0)" }
      names += (0..<8).map { "reasoning_reserved_special_token_\($0)" }
      names += ["reasoning_thinking_start", "reasoning_thinking_end"]
      names += (0..<2048 - names.count).map { "reserved_special_token_\($0)" }
      return names.map { "<|\($0)|>" }
    }(),
    beginningOfText: "<|begin_of_text|>", endOfText: "<|end_of_text|>")

  static let qwen = RankFamily(
    preTokenizer: .qwen2,
    specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + (0..<205).map { "<|extra_\($0)|>" },
    endOfText: "<|endoftext|>", isComposed: true)

  static let qwen35 = RankFamily(
    preTokenizer: .qwen35,
    specialTokens: [
      "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
      "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
      "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
      "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>",
      "<think>", "</think>", "<|audio_start|>", "<|audio_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
      "<tts_text_bos_single>", "<|audio_pad|>",
    ],
    endOfText: "<|endoftext|>", isComposed: true)
}
