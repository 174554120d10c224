import assert from "node:assert/strict";
import { compare } from "bcryptjs";
import fc from "fast-check";
import { providerFor, supportedTypes } from "../../../engine/embedded/providers/index.ts";
import { type Inputs, type Outputs, Unknown } from "../../../engine/embedded/value.ts";
import { operationOn } from "./operation.ts";

const passwordType = "random:index/randomPassword:RandomPassword";
const stringType = "random:index/randomString:RandomString";
const provider = providerFor(passwordType);
assert.ok(provider);

async function make(type: string, inputs: Inputs): Promise<{ id: string; outputs: Outputs }> {
  assert.ok(provider);
  const operation = operationOn(type);
  return provider.create(type, await provider.check(type, inputs, undefined, operation), operation);
}

const token = (name: string) => `random:index/${name[0]?.toLowerCase()}${name.slice(1)}:${name}`;

describe("random kinds", () => {
  it("draws a password of the asked length with its bcrypt hash under the id none", async () => {
    const { id, outputs } = await make(passwordType, { length: 80, special: false });
    assert.equal(id, "none");
    assert.match(String(outputs.result), /^[A-Za-z0-9]{80}$/);
    assert.ok(await compare(String(outputs.result).slice(0, 72), String(outputs.bcryptHash)));
    assert.deepEqual(provider.secretOutputs(passwordType), ["bcryptHash", "result"]);
  });

  it("never draws the same password twice", async () => {
    const drawn = await Promise.all(
      Array.from({ length: 5 }, () => make(stringType, { length: 20 })),
    );
    assert.equal(new Set(drawn.map(({ outputs }) => outputs.result)).size, 5);
  });

  it("keeps every minimum and uses no other characters", async () => {
    const minimum = fc.integer({ min: 0, max: 5 });
    await fc.assert(
      fc.asyncProperty(
        minimum,
        minimum,
        minimum,
        minimum,
        async (minUpper, minLower, minNumeric, minSpecial) => {
          const minima = { minUpper, minLower, minNumeric, minSpecial };
          const { id, outputs } = await make(stringType, {
            length: 20,
            overrideSpecial: "§é",
            ...minima,
          });
          const result = String(outputs.result);
          assert.equal(id, result);
          assert.equal([...result].length, 20);
          const count = (pattern: RegExp) => result.match(pattern)?.length ?? 0;
          assert.ok(count(/[A-Z]/g) >= minUpper);
          assert.ok(count(/[a-z]/g) >= minLower);
          assert.ok(count(/[0-9]/g) >= minNumeric);
          assert.ok(count(/[§é]/g) >= minSpecial);
          assert.match(result, /^[A-Za-z0-9§é]*$/);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("fills the outputs with the defaults of the original", async () => {
    const { outputs } = await make(stringType, { length: 8, number: false });
    const { result: _, __meta, ...rest } = outputs;
    assert.deepEqual(rest, {
      length: 8,
      lower: true,
      minLower: 0,
      minNumeric: 0,
      minSpecial: 0,
      minUpper: 0,
      number: false,
      numeric: false,
      special: true,
      upper: true,
    });
    assert.equal(__meta, '{"schema_version":"2"}');
  });

  it("gives one set of bytes in every notation of RandomId, behind the prefix", async () => {
    const { id, outputs } = await make(token("RandomId"), { byteLength: 8, prefix: "p-" });
    const bytes = Buffer.from(id, "base64url");
    assert.equal(bytes.length, 8);
    assert.equal(outputs.hex, `p-${bytes.toString("hex")}`);
    assert.equal(outputs.dec, `p-${bytes.readBigUInt64BE()}`);
    assert.equal(outputs.b64Url, `p-${id}`);
    assert.equal(outputs.b64Std, `p-${bytes.toString("base64")}`);
  });

  it("gives the same bytes as hexadecimal and base64, and keeps them secret", async () => {
    const type = token("RandomBytes");
    const { outputs } = await make(type, { length: 32 });
    assert.equal(Buffer.from(String(outputs.base64), "base64").toString("hex"), outputs.hex);
    assert.deepEqual(provider.secretOutputs(type), ["base64", "hex"]);
  });

  it("draws integers within their bounds, the same ones for the same seed", async () => {
    const type = token("RandomInteger");
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.nat({ max: 1000 }),
        fc.string(),
        async (min, range, seed) => {
          const inputs = { min, max: min + range, seed };
          const { id, outputs } = await make(type, inputs);
          const result = Number(outputs.result);
          assert.ok(result >= min && result <= min + range);
          assert.equal(id, String(result));
          if (seed !== "") assert.equal((await make(type, inputs)).outputs.result, result);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("shuffles without losing or inventing, and repeats evenly when more is asked", async () => {
    const type = token("RandomShuffle");
    const { outputs } = await make(type, { inputs: ["a", "b", "c"], resultCount: 7, seed: "s" });
    const results = outputs.results as string[];
    assert.equal(results.length, 7);
    assert.deepEqual(results.slice(0, 3).sort(), ["a", "b", "c"]);
    assert.deepEqual(results.slice(3, 6).sort(), ["a", "b", "c"]);
    assert.deepEqual((await make(type, { inputs: [], resultCount: 2 })).outputs.results, []);
  });

  it("makes UUIDs of the asked version", async () => {
    const version = async (name: string) => {
      const { id, outputs } = await make(token(name), {});
      assert.equal(id, outputs.result);
      return id.match(
        /^[0-9a-f]{8}-[0-9a-f]{4}-([47])[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      )?.[1];
    };
    assert.equal(await version("RandomUuid"), "4");
    assert.equal(await version("RandomUuid4"), "4");
    assert.equal(await version("RandomUuid7"), "7");
  });

  it("replaces for any change, keepers included, and not for a default spelt out", async () => {
    const diff = (from: Inputs, to: Inputs) => provider.diff(stringType, "x", from, {}, to);
    const base = { length: 8 };
    assert.deepEqual(await diff(base, { ...base, upper: true, number: true }), {
      changedKeys: [],
      replaceKeys: [],
    });
    assert.deepEqual(
      await diff({ ...base, keepers: { a: "1" } }, { ...base, keepers: { a: "2" } }),
      {
        changedKeys: ["keepers"],
        replaceKeys: ["keepers"],
      },
    );
    assert.deepEqual((await diff(base, { ...base, keepers: Unknown.value })).replaceKeys, [
      "keepers",
    ]);
  });

  it("lists everything wrong at once", async () => {
    const inputs = { length: 3, minUpper: 2, minLower: 2, size: 1, special: "yes" };
    await assert.rejects(
      provider.check(stringType, inputs, undefined, operationOn(stringType)),
      (error: Error) => {
        for (const part of ["length (3) is less", "size is not an input", 'special ("yes") must']) {
          assert.ok(error.message.includes(part), `${part} in ${error.message}`);
        }
        return true;
      },
    );
  });

  it("serves exactly the kinds that it names", () => {
    for (const type of supportedTypes().filter((name) => name.startsWith("random:"))) {
      assert.ok(provider.types.includes(type));
    }
    assert.equal(providerFor(token("RandomPet")), undefined);
  });
});
