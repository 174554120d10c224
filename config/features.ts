/** What a Kubernetes release brings that a stack may ask for. */

/**
 * MutatingAdmissionPolicies, served as v1 from 1.36 on. Source: Kubernetes API, admissionregistration.
 * @param kubernetes "1.36" or "1.36.3".
 */
export function hasMutatingPolicies(kubernetes: string): boolean {
  return Number(kubernetes.split(".")[1]) >= 36;
}
