import type { Provider, ProviderDiff } from "../provider.ts";
import type { Inputs, Outputs } from "../value.ts";
import { checkInputs } from "./inputSpec.ts";
import { createKey } from "./tls/privateKey.ts";
import {
  certRequestType,
  locallySignedCertType,
  privateKeyType,
  selfSignedCertType,
  tlsDefaults,
  tlsProblems,
  tlsSpecs,
} from "./tls/specs.ts";
import { diffInputs } from "./values.ts";

const millisecondsPerHour = 3_600_000;

/**
 * The kinds of @pulumi/tls 5.6.1. As with the original, every change replaces except that of
 * `earlyRenewalHours`, and a certificate whose renewal is due is replaced.
 */
export function tlsProvider(): Provider {
  return {
    types: [privateKeyType, selfSignedCertType, certRequestType, locallySignedCertType],
    check: async (type, inputs) =>
      checkInputs(type, inputs, tlsSpecs(type), tlsProblems(type, inputs)),
    diff: async (type, _id, oldInputs, oldOutputs, inputs) =>
      diff(type, oldInputs, oldOutputs, inputs),
    create: async (type, inputs) => create(type, { ...tlsDefaults(type), ...inputs }),
    update: async (type, _id, _oldInputs, oldOutputs, inputs) => ({
      ...oldOutputs,
      earlyRenewalHours: { ...tlsDefaults(type), ...inputs }.earlyRenewalHours ?? 0,
    }),
    delete: async () => {},
    read: async (_type, _id, _inputs, outputs) =>
      renewalDue(outputs) ? { ...outputs, readyForRenewal: true } : outputs,
    secretOutputs: () => [],
  };
}

async function create(type: string, inputs: Inputs): Promise<{ id: string; outputs: Outputs }> {
  if (type === privateKeyType) return createKey(inputs);
  const certificates = await import("./tls/certificate.ts");
  switch (type) {
    case selfSignedCertType:
      return certificates.createSelfSigned(inputs);
    case certRequestType:
      return certificates.createRequest(inputs);
    default:
      return certificates.createLocallySigned(inputs);
  }
}

function diff(type: string, oldInputs: Inputs, oldOutputs: Outputs, inputs: Inputs): ProviderDiff {
  const defaults = tlsDefaults(type);
  const { changedKeys } = diffInputs({ ...defaults, ...oldInputs }, { ...defaults, ...inputs }, []);
  // What is written only is not compared; its version is.
  const changed = changedKeys.filter((key) => !key.endsWith("PemWo"));
  const replaced = changed.filter((key) => key !== "earlyRenewalHours");
  const due = renewalDue({
    ...oldOutputs,
    earlyRenewalHours: inputs.earlyRenewalHours ?? 0,
  });
  const renewal = due ? ["readyForRenewal"] : [];
  return { changedKeys: [...changed, ...renewal], replaceKeys: [...replaced, ...renewal] };
}

/** Whether a certificate has ended or is within the hours before its end in which it is renewed. */
function renewalDue(outputs: Outputs): boolean {
  const end = outputs.validityEndTime;
  if (typeof end !== "string") return false;
  const early = Number(outputs.earlyRenewalHours ?? 0) * millisecondsPerHour;
  return Date.parse(end) - early <= Date.now();
}
