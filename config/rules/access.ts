import type { Finding } from "../errors.ts";
import type { AdminConfig } from "../schema.ts";

const principal = /^arn:(aws|aws-cn|aws-us-gov):iam::\d{12}:(role|user)\/[\w+=,.@/-]{1,576}$/;

/** Someone can administer the cluster, and each is an IAM role or user, named once. */
export function admins({ admins }: { admins: Record<string, AdminConfig> }): Finding[] {
  const entries = Object.entries(admins);
  const arns = entries.map(([, admin]) => admin.principalArn);
  const findings = entries.flatMap(([name, { principalArn }], index): Finding[] => {
    const key = `admins.${name}.principalArn`;
    if (!principal.test(principalArn))
      return [
        {
          key,
          value: principalArn,
          remedy: 'Use the ARN of a role or user, e.g. "arn:aws:iam::123456789012:role/admin".',
          rule: "EKS takes no other principal, and no assumed-role session.",
        },
      ];
    if (arns.indexOf(principalArn) !== index)
      return [
        {
          key,
          value: principalArn,
          remedy: "Remove one of the two.",
          rule: "EKS takes one access entry per principal.",
        },
      ];
    return [];
  });
  if (entries.some(([, { access }]) => access === "admin")) return findings;
  return [
    ...findings,
    {
      key: "admins",
      value: admins,
      remedy: 'Add an entry with access "admin".',
      rule: "The creator gets no access of its own, so nobody could administer the cluster.",
    },
  ];
}

/** Twelve digits. */
export function account({ accountId }: { accountId: string }): Finding[] {
  if (/^\d{12}$/.test(accountId)) return [];
  return [
    {
      key: "accountId",
      value: accountId,
      remedy: 'Write its twelve digits in quotes, e.g. "123456789012".',
      rule: "AWS accounts have no other form.",
    },
  ];
}
