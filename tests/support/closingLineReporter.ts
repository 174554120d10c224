import mocha from "mocha";

/**
 * Mocha's spec report, closed by one plain line, "N passed, N failed" (", N skipped" where it
 * applies), which machines read; `make test` and `make lab-test` both end with it. Names of skipped tests are
 * repeated before it, so that a missing tool is never a silent pass.
 */
export default class ClosingLineReporter extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options?: mocha.MochaOptions) {
    super(runner, options);
    const skipped: string[] = [];
    runner.on("pending", (test) => skipped.push(test.fullTitle()));
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      for (const title of skipped) console.log(`skipped: ${title}`);
      const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
      console.log(`${passes} passed, ${failures} failed${tail}`);
    });
  }
}
