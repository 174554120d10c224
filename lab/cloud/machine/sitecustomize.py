"""A container has no DMI tables by which cloud-init knows that it runs on EC2. These say so."""
import cloudinit.dmi

TABLE = {
    "system-uuid": "ec2e1916-9099-7caf-fd21-012345abcdef",
    "system-serial-number": "ec2e1916-9099-7caf-fd21-012345abcdef",
    "system-product-name": "m7i.large",
    "system-manufacturer": "Amazon EC2",
    "chassis-asset-tag": "Amazon EC2",
}
cloudinit.dmi.read_dmi_data = TABLE.get
