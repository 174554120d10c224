import mocha from "mocha";

/**
 * Mocha's spec report, closed by one plain line, "N passed, N failed" (", N skipped" where it
 * applies), which machines read; `make test` and `make lab-test` both end with it. Before it come the names
 * of skipped tests, so that a missing tool is never a silent pass, and what failed and why, so that the
 * end of a log is enough to know.
 */
export default class ClosingLineReporter extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options?: mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    const failed: string[] = [];
    runner.on("fail", (test, error: Error) => failed.push(`${test.fullTitle()}: ${error.message}`));
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      for (const title of skipped) console.log(`skipped: ${title}`);
      for (const reason of failed) console.log(`failed: ${reason}`);
      const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
      console.log(`${passes} passed, ${failures} failed${tail}`);
    });
  }
}
