/**
 * What a machine leaves to pods: the reservations of the EKS machine image, used for every platform
 * because they are the larger ones. Source: awslabs/amazon-eks-ami, nodeadm kubelet defaults
 * (255 MiB + 11 MiB a pod, 100 MiB eviction threshold; 6, 1, 0.5, 0.5, then 0.25 % of the cores).
 */
export function allocatable(machine: { cpuMilli: number; memoryMiB: number; pods: number }): {
  cpuMilli: number;
  memoryMiB: number;
} {
  const shares = [0.06, 0.01, 0.005, 0.005];
  let reservedMilli = 0;
  for (let core = 0; core * 1000 < machine.cpuMilli; core += 1) {
    reservedMilli += 1000 * (shares[core] ?? 0.0025);
  }
  const reservedMiB = 255 + 11 * machine.pods + 100;
  return {
    cpuMilli: Math.floor(machine.cpuMilli - reservedMilli),
    memoryMiB: Math.floor(machine.memoryMiB - reservedMiB),
  };
}
