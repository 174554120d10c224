import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Cidr,
  contains,
  formatAddress,
  formatCidr,
  overlaps,
  parseAddress,
  parseCidr,
  size,
  subnet,
} from "../../config/cidr.ts";

const cidr: fc.Arbitrary<Cidr> = fc
  .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 0, max: 32 }))
  .map(([address, prefix]) => ({ start: address - (address % 2 ** (32 - prefix)), prefix }));

describe("networks", () => {
  it("read back as they are written", () => {
    fc.assert(fc.property(cidr, (one) => assert.deepEqual(parseCidr(formatCidr(one)), one)));
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), (one) =>
        assert.equal(parseAddress(formatAddress(one)), one),
      ),
    );
  });

  it("refuse what is no network", () => {
    for (const text of [
      "",
      "10.0.0.0",
      "10.0.0.0/33",
      "10.0.0/8",
      "10.0.0.1/8",
      "010.0.0.0/8",
      "0x0a.0.0.0/8",
      "256.0.0.0/8",
      "10.0.0.0/8 ",
      "::/0",
      "10.0.0.0/-1",
    ])
      assert.equal(parseCidr(text), undefined, text);
    for (const text of ["", "10.0.0", "10.0.0.256", "010.0.0.1", "1", "::1", "a.b.c.d"])
      assert.equal(parseAddress(text), undefined, text);
  });

  it("overlap exactly when one contains the other", () => {
    fc.assert(
      fc.property(cidr, cidr, (one, other) => {
        assert.equal(overlaps(one, other), overlaps(other, one));
        assert.equal(overlaps(one, other), contains(one, other) || contains(other, one));
      }),
    );
    assert.equal(overlaps({ start: 0, prefix: 1 }, { start: 2 ** 31, prefix: 1 }), false);
  });

  it("divide into networks that are disjoint and fill them", () => {
    fc.assert(
      fc.property(cidr, fc.integer({ min: 0, max: 4 }), (parent, bits) => {
        fc.pre(parent.prefix + bits <= 32);
        const parts = Array.from({ length: 2 ** bits }, (_, index) =>
          subnet(parent, parent.prefix + bits, index),
        );
        assert.ok(parts.every((part) => contains(parent, part)));
        assert.equal(
          parts.reduce((sum, part) => sum + size(part), 0),
          size(parent),
        );
        for (const [index, part] of parts.entries())
          assert.ok(parts.slice(0, index).every((earlier) => !overlaps(earlier, part)));
      }),
    );
    assert.throws(() => subnet({ start: 0, prefix: 24 }, 25, 2), RangeError);
  });
});
