/** Whom proxmoxve's plugin trusts: whom the stack says, and nobody else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { ApiArgs } from "../../model/contract/apiObject";

/** Of the provider's arguments, the one that is not proxmoxve's: JSON with what of ApiArgs says whom to trust. */
export { TRUST } from "../../model/contract/apiObject";

const shape = z.strictObject({ ca: z.string().optional(), fingerprint: z.string().optional() });

export type Trust = Pick<ApiArgs, "ca" | "fingerprint">;

export function parseTrust(text: unknown): Trust {
    return typeof text === "string" ? shape.parse(JSON.parse(text)) : {};
}

/**
 * What the plugin reads its CAs from. It reads them at its first call of the API, so what is trusted can be written
 * until then.
 */
export class TrustStore {
    private readonly folder = mkdtempSync(join(tmpdir(), "holdfast-trust-"));

    constructor() {
        mkdirSync(join(this.folder, "none"));
        process.once("exit", () => rmSync(this.folder, { recursive: true, force: true }));
    }

    get environment(): Readonly<Record<string, string>> {
        return { SSL_CERT_FILE: join(this.folder, "trust.pem"), SSL_CERT_DIR: join(this.folder, "none") };
    }

    /** @param pem certificates of CAs, or the API's own */
    write(pem: string): void {
        writeFileSync(join(this.folder, "trust.pem"), pem);
    }
}
