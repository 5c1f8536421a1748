/** A file's access control list, as the kernel keeps it: what `setfacl -m u:USER:rw` writes, which may not be there. */
import execa from "execa";

const script = `
import os, struct, sys
NOBODY = 0xFFFFFFFF
entries = [(0x01, 6, NOBODY), (0x02, 6, int(sys.argv[2])), (0x04, 4, NOBODY), (0x10, 6, NOBODY), (0x20, 4, NOBODY)]
value = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)
os.setxattr(sys.argv[1], "system.posix_acl_access", value)`;

/** Its mode then shows the group's rights that nobody in the group has. */
export async function letWrite(path: string, uid: number): Promise<void> {
    await execa("python3", ["-c", script, path, String(uid)]);
}
