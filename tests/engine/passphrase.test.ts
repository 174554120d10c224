import assert from "node:assert/strict";
import { createSealer, openSealer } from "../../engine/embedded/passphrase.ts";

describe("passphrase secrets", function () {
  this.timeout(60_000);

  it("opens what it sealed, and seals the same text differently each time", async () => {
    const { saltText, sealer } = await createSealer("open sesame");
    const reopened = await openSealer(saltText, "open sesame");
    const [one, two] = [sealer.seal("text"), sealer.seal("text")];
    assert.notEqual(one, two);
    assert.equal(reopened.open(one), "text");
    assert.equal(reopened.open(two), "text");
  });

  it("reads the salt that the Pulumi CLI wrote for the passphrase `password`", async () => {
    // Published in Pulumi's own tests of its passphrase scheme.
    const saltText = "v1:fozI5u6B030=:v1:F+6ZduKKd8G0/V7L:PGMFeIzwobWRKmEAzUdaQHqC5mMRIQ==";
    const sealer = await openSealer(saltText, "password");
    assert.equal(sealer.open(sealer.seal("value")), "value");
  });

  it("a wrong passphrase is noticed and says what to do", async () => {
    const { saltText } = await createSealer("right");
    await assert.rejects(openSealer(saltText, "wrong"), /incorrect passphrase: set PULUMI_CONFIG/);
  });

  it("a changed value is noticed", async () => {
    const { sealer } = await createSealer("right");
    const sealed = sealer.seal("value");
    const tampered = sealed.slice(0, -6) + (sealed.endsWith("AAAAA=") ? "BBBBB=" : "AAAAA=");
    assert.throws(() => sealer.open(tampered));
  });
});
