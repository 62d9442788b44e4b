/// The files of the folder TaskFiles, which the build puts into the program.
enum EmbeddedTaskFiles {
  /// Names and bytes.
  static let all: [(name: String, bytes: [UInt8])] = [
    ("arc_challenge.yaml", PackageResources.arc_challenge_yaml),
    ("arc_easy.yaml", PackageResources.arc_easy_yaml),
    ("boolq.yaml", PackageResources.boolq_yaml),
    ("commonsense_qa.yaml", PackageResources.commonsense_qa_yaml),
    ("copa.yaml", PackageResources.copa_yaml),
    ("gsm8k.yaml", PackageResources.gsm8k_yaml),
    ("hellaswag.yaml", PackageResources.hellaswag_yaml),
    ("humaneval.yaml", PackageResources.humaneval_yaml),
    ("math.yaml", PackageResources.math_yaml),
    ("mbpp.yaml", PackageResources.mbpp_yaml),
    ("mmlu.yaml", PackageResources.mmlu_yaml),
    ("mmlu_pro.yaml", PackageResources.mmlu_pro_yaml),
    ("nq_open.yaml", PackageResources.nq_open_yaml),
    ("openbookqa.yaml", PackageResources.openbookqa_yaml),
    ("perplexity_code.yaml", PackageResources.perplexity_code_yaml),
    ("perplexity_math.yaml", PackageResources.perplexity_math_yaml),
    ("perplexity_web.yaml", PackageResources.perplexity_web_yaml),
    ("piqa.yaml", PackageResources.piqa_yaml),
    ("qasc.yaml", PackageResources.qasc_yaml),
    ("sciq.yaml", PackageResources.sciq_yaml),
    ("social_iqa.yaml", PackageResources.social_iqa_yaml),
    ("suite.yaml", PackageResources.suite_yaml),
    ("triviaqa.yaml", PackageResources.triviaqa_yaml),
    ("winogrande.yaml", PackageResources.winogrande_yaml),
  ]
}
