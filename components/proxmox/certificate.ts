/** Certificates as PEM. */
import { X509Certificate } from "node:crypto";

/** @returns why the file is none that a certificate could be checked with */
export function certificateFault(content: string): string | undefined {
    const blocks = certificatesOf(content);
    if (blocks.length === 0) return "holds no certificate (-----BEGIN CERTIFICATE-----)";
    try {
        for (const block of blocks) new X509Certificate(block);
        return undefined;
    } catch {
        return "holds a certificate that is cut short or damaged";
    }
}

/** The PEM blocks of a text. */
export function certificatesOf(content: string): string[] {
    return [...content.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(([block]) =>
        // The words of the first and last line stay together.
        block.replace(/\r/g, ""),
    );
}
