import type { CloudControl } from "./control.ts";
import type { CloudPlan } from "./plan.ts";

/**
 * Put into the emulated AWS what the stack has there before any machine starts, volumes apart.
 * @returns ids of the subnets by their range.
 */
export async function seed(control: CloudControl, plan: CloudPlan): Promise<Map<string, string>> {
  for (const Bucket of plan.buckets) {
    const CreateBucketConfiguration = { LocationConstraint: plan.region };
    await control.aws("s3", "create_bucket", { Bucket, CreateBucketConfiguration });
  }
  for (const { bucket: Bucket, key: Key, content: Body } of plan.objects)
    await control.aws("s3", "put_object", { Bucket, Key, Body });
  for (const { name: Name, type: Type, value: Value } of plan.parameters)
    await control.aws("ssm", "put_parameter", { Name, Type, Value, Overwrite: true });
  await control.setPolicies(plan.policies);
  return makeSubnets(control, plan);
}

async function makeSubnets(control: CloudControl, plan: CloudPlan): Promise<Map<string, string>> {
  const { Vpc } = await control.aws<{ Vpc: { VpcId: string } }>("ec2", "create_vpc", {
    CidrBlock: plan.cidr,
  });
  const ids = new Map<string, string>();
  for (const { cidr, zone } of plan.subnets) {
    const { Subnet } = await control.aws<{ Subnet: { SubnetId: string } }>("ec2", "create_subnet", {
      VpcId: Vpc.VpcId,
      CidrBlock: cidr,
      AvailabilityZone: zone,
    });
    ids.set(cidr, Subnet.SubnetId);
  }
  return ids;
}
