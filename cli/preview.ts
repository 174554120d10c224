import type { EngineChoice } from "../engine/select.ts";
import { selectEngine } from "../engine/select.ts";

export interface PreviewCommand {
  stack: string;
  engine?: EngineChoice;
  parallel: number;
  json?: true;
  diff?: true;
  showSames?: true;
  against?: string;
  markdown?: true;
  fresh?: true;
  /** Saved preview to show instead of making one; "-" reads standard input. */
  from?: string;
  cwd: string;
}

/** `quorum preview`. Sets the exit code to 1 when the program or a resource is wrong. */
export async function preview(options: PreviewCommand): Promise<void> {
  if (options.from !== undefined) {
    const { showSaved } = await import("./savedPreview.ts");
    return showSaved(options, options.from);
  }
  const engine = await selectEngine(options.engine, options.cwd, process.env);
  const compares = options.against !== undefined || options.markdown === true;
  if (engine.kind === "pulumi" && !compares) {
    const { runPulumi } = await import("../engine/pulumiCli.ts");
    process.exitCode = await runPulumi(engine.command, pulumiArguments(options), {
      root: options.cwd,
      env: process.env,
    });
    return;
  }
  if (compares) {
    const { previewAgainst } = await import("./previewAgainst.ts");
    await previewAgainst(options, engine);
    return;
  }
  const { runEmbeddedPreview } = await import("./embeddedPreview.ts");
  await runEmbeddedPreview(options);
}

function pulumiArguments(options: PreviewCommand): string[] {
  return [
    "preview",
    "--stack",
    options.stack,
    "--parallel",
    String(options.parallel),
    ...(options.json ? ["--json"] : []),
    ...(options.diff ? ["--diff"] : []),
    ...(options.showSames ? ["--show-sames"] : []),
  ];
}
