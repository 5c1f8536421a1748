/** A TLS connection whose other end has shown the certificate that the stack pins, before a byte is sent. */
import { connect, type TLSSocket } from "node:tls";
import type { ApiArgs } from "../../model/contract/apiObject";
import { ApiError } from "./errors";

/** @param limit ends it, and says so by its reason */
export function connectTo({ endpoint, fingerprint, ca }: ApiArgs, limit: AbortSignal): Promise<TLSSocket> {
    const { hostname, port } = new URL(endpoint);
    const host = hostname.replace(/^\[|\]$/g, "");
    return new Promise((resolve, reject) => {
        const socket = connect({
            host,
            port: Number(port || 443),
            ...(/[a-z]/i.test(host) && !host.includes(":") && { servername: host }),
            minVersion: "TLSv1.2",
            ...(ca !== undefined && { ca }),
            // Its own fingerprint says more than a signature does, and is looked at below.
            rejectUnauthorized: fingerprint === undefined,
        });
        const fail = (error: Error) => {
            socket.destroy();
            reject(
                error instanceof ApiError ? error : new ApiError(wordsOf(endpoint, error), undefined, { cause: error }),
            );
        };
        const end = () => fail(limit.reason as ApiError);
        if (limit.aborted) end();
        limit.addEventListener("abort", end, { once: true });
        // Stays: what breaks later is told to whoever writes or reads, and is nobody's surprise in between.
        socket.on("error", fail);
        socket.once("secureConnect", () => {
            const seen = socket.getPeerCertificate().fingerprint256;
            if (fingerprint !== undefined && seen !== fingerprint) {
                fail(
                    new ApiError(
                        `${endpoint} shows another certificate than holdfast:fleet.proxmox.fingerprint pins: ${seen}. Look at the node's own (pvenode cert info); where it was renewed, pin the new one`,
                    ),
                );
                return;
            }
            limit.removeEventListener("abort", end);
            resolve(socket);
        });
    });
}

export function expired(endpoint: string): string {
    return `the certificate of ${endpoint} has expired: renew it on the node (pvecm updatecerts --force)`;
}

function wordsOf(endpoint: string, error: NodeJS.ErrnoException): string {
    switch (error.code) {
        case "CERT_HAS_EXPIRED":
            return expired(endpoint);
        case "DEPTH_ZERO_SELF_SIGNED_CERT":
        case "SELF_SIGNED_CERT_IN_CHAIN":
        case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
        case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
            return `the certificate of ${endpoint} is not signed by the CA of holdfast:fleet.proxmox.ca (${error.message})`;
        case "ERR_TLS_CERT_ALTNAME_INVALID":
            return `the certificate of ${endpoint} is for another name: ${error.message}`;
        default:
            return `${endpoint} cannot be reached: ${error.message}`;
    }
}
