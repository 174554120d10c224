import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CheckpointCodec,
  decodeWire,
  encodeMasked,
  encodeWire,
  type Json,
  unknownValue,
} from "../../engine/embedded/propertyCodec.ts";
import {
  Archive,
  Asset,
  ResourceReference,
  Secret,
  Unknown,
  type Value,
} from "../../engine/embedded/value.ts";
import { hasSecret, revealSecrets, sameValue } from "../../engine/embedded/values.ts";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretText = fc.stringMatching(/^s3cret-[a-z0-9]{20}$/);

const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  fc.string(),
  fc.constant(Unknown.value),
  secretText.map((text) => new Secret(text)),
  fc.string().map((text) => new Asset({ text })),
  fc.string().map((path) => new Archive({ path })),
  fc.string().map((text) => new Archive({ assets: { inner: new Asset({ text }) } })),
  fc
    .tuple(fc.string(), fc.string({ minLength: 1 }))
    .map(([urn, id]) => new ResourceReference(urn, id)),
);

const value = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
    tie("value").map((inner) => (inner instanceof Secret ? inner : new Secret(inner))),
  ),
})).value;

/** A sealer that turns text round, enough to see that the codec uses it. */
const sealer = {
  seal: (plaintext: string) => Buffer.from(plaintext).toString("base64"),
  open: (ciphertext: string) => Buffer.from(ciphertext, "base64").toString(),
};

describe("property codec", () => {
  it("the wire form of any value reads back as the same value", () => {
    fc.assert(
      fc.property(value, (original) => {
        const read = decodeWire(JSON.parse(JSON.stringify(encodeWire(original))) as Json);
        assert.deepEqual(read, original);
      }),
    );
  });

  it("the checkpoint form of any value reads back as the same value", () => {
    fc.assert(
      fc.property(value, (original) => {
        const codec = new CheckpointCodec(sealer);
        const json = JSON.parse(JSON.stringify(codec.encodeMap({ original })));
        assert.deepEqual(new CheckpointCodec(sealer).decodeMap(json), { original });
      }),
    );
  });

  it("no secret can be read in what is printed or in the checkpoint", () => {
    fc.assert(
      fc.property(value, secretText, (around, text) => {
        const properties = { around, list: [new Secret({ deep: [text] })] };
        const printed = JSON.stringify(encodeMasked(properties));
        assert.doesNotMatch(printed, /s3cret-/);
        const saved = JSON.stringify(new CheckpointCodec(sealer).encodeMap(properties));
        assert.doesNotMatch(saved, /s3cret-/);
      }),
    );
  });

  it("a secret that was read and not changed is written back with the same ciphertext", () => {
    let seals = 0;
    const counting = {
      ...sealer,
      seal: (plaintext: string) => `${++seals}:${sealer.seal(plaintext)}`,
      open: (ciphertext: string) => sealer.open(ciphertext.split(":")[1] ?? ""),
    };
    const codec = new CheckpointCodec(counting);
    const saved = codec.encodeMap({ key: new Secret("value") });
    assert.deepEqual(codec.encodeMap(codec.decodeMap(saved)), saved);
    assert.equal(seals, 1);
  });

  it("an output value without a value is unknown, and keeps its secrecy", () => {
    const output = { [signatureKey]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", dependencies: [] };
    assert.deepEqual(decodeWire(output), Unknown.value);
    assert.deepEqual(decodeWire({ ...output, secret: true }), new Secret(Unknown.value));
    assert.deepEqual(decodeWire({ ...output, value: 7, secret: true }), new Secret(7));
  });

  it("unknowns travel as Pulumi's marker", () => {
    assert.equal(encodeWire(Unknown.value), unknownValue);
    assert.deepEqual(decodeWire([unknownValue]), [Unknown.value]);
  });

  it("a signature that nobody knows is an error, not data", () => {
    assert.throws(() => decodeWire({ [signatureKey]: "no-such-signature" }), /unknown signature/);
  });

  it("revealing secrets changes nothing but the wrappers", () => {
    fc.assert(
      fc.property(value, (original) => {
        const revealed = revealSecrets(original);
        assert.ok(!hasSecret(revealed));
        assert.ok(sameValue(original, revealed));
      }),
    );
  });
});
