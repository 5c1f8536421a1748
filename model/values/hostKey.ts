/** An SSH host key's blob, field by field: a key that was cut short while copying still begins with its type. */

/**
 * Bytes of each field after the type's name (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4); a text is the field itself.
 */
const fieldsByType = {
    "ssh-ed25519": [32],
    // Exponent and modulus.
    "ssh-rsa": [undefined, undefined],
    "ecdsa-sha2-nistp256": ["nistp256", 65],
    "ecdsa-sha2-nistp384": ["nistp384", 97],
    "ecdsa-sha2-nistp521": ["nistp521", 133],
} as const satisfies Readonly<Record<string, readonly (number | string | undefined)[]>>;

export type HostKeyType = keyof typeof fieldsByType;

/** Those that ssh2 checks: no `sk-…` of a hardware token, and no ssh-dss. */
export const hostKeyTypes = Object.keys(fieldsByType) as HostKeyType[];

/** @param key type and base64 */
export function isWholeHostKey(key: string): boolean {
    const [type = "", encoded = ""] = key.split(" ");
    const fields = fieldsOf(Buffer.from(encoded, "base64"));
    const expected = (fieldsByType as Partial<Record<string, readonly (number | string | undefined)[]>>)[type];
    if (!fields || !expected || fields.length !== expected.length + 1 || fields[0]!.toString("latin1") !== type)
        return false;
    // OpenSSH refuses RSA keys below 1024 bits.
    if (type === "ssh-rsa" && fields[2]!.length < 128) return false;
    return expected.every((wanted, index) => {
        const field = fields[index + 1]!;
        if (typeof wanted === "string") return field.toString("latin1") === wanted;
        return wanted === undefined ? field.length > 0 : field.length === wanted;
    });
}

/** Each field is a length of four bytes and as many bytes; undefined where the lengths do not end with the blob. */
function fieldsOf(blob: Buffer): Buffer[] | undefined {
    const fields: Buffer[] = [];
    for (let at = 0; at < blob.length;) {
        if (at + 4 > blob.length) return undefined;
        const end = at + 4 + blob.readUInt32BE(at);
        if (end > blob.length) return undefined;
        fields.push(blob.subarray(at + 4, end));
        at = end;
    }
    return fields;
}
