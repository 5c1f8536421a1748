/** A file that was asked for and could not be written: why, and what to type. */
import { dirname } from "node:path";

export function notWritten(file: string, cause: unknown): Error {
    const { code, message } = cause as NodeJS.ErrnoException;
    const folder = dirname(file);
    const reasons: Readonly<Record<string, string>> = {
        ENOENT: `its folder does not exist; mkdir -p ${/^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`}`,
        EISDIR: "it is a folder; name a file in it",
        EACCES: "its folder or itself may not be written by this user; name another file",
    };
    return new Error(`${file} was not written: ${reasons[code ?? ""] ?? `${message}; name another file`}`, { cause });
}
