/** A CA, and a certificate of it for 127.0.0.1: made for one test run, with openssl. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificates {
    /** PEM. */
    readonly ca: string;
    readonly key: string;
    readonly certificate: string;
}

/** @param days how long the server's is valid from now; negative: it has expired */
export function makeCertificates(days = 30): Certificates {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-ca-"));
    const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    try {
        writeFileSync(join(folder, "san"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
        openssl("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test CA", "-days", "3650");
        openssl("req", ...key, "-keyout", "key.pem", "-out", "csr.pem", "-subj", "/CN=pve01");
        openssl(
            "x509",
            "-req",
            "-in",
            "csr.pem",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-extfile",
            "san",
            "-days",
            String(days),
            "-out",
            "cert.pem",
        );
        const read = (name: string) => readFileSync(join(folder, name), "utf8");
        return { ca: read("ca.pem"), key: read("key.pem"), certificate: read("cert.pem") };
    } finally {
        rmSync(folder, { recursive: true });
    }
}
