/**
 * Finds what an earlier run has published, by a marker that readers do not see (its last line), and brings it up to
 * date.
 */
import type { CommentOptions, IssueOptions } from "./options";
import { UNDER_WAY } from "../comment";
import type { Forge, Note } from "./forge";

/** @returns one line that says what was done */
export async function publishComment(forge: Forge, report: string, { key }: CommentOptions): Promise<string> {
    const { comments } = forge;
    const body = withMarker(report, key);
    const earlier = await find(comments.list(), key);
    if (!earlier) return `comment added: ${(await comments.add(body)).url}`;
    return `comment updated: ${(await comments.edit(earlier.id, body)).url}`;
}

/** @returns one line that says what was done */
export async function publishIssue(
    forge: Forge,
    report: string,
    { key, title, status }: IssueOptions,
): Promise<string> {
    const { issues } = forge;
    const body = withMarker(report, key);
    const open = await find(issues.listOpen(), key);
    if (status === 0 && report.trim() === "")
        throw new Error("no report says that all is well: give the file that the run has written");
    if (status === 0) {
        if (!open) return "nothing to close: no issue is open";
        // The last findings stay readable: the good news is a comment.
        await issues.comment(open.id, withoutMarkers(report));
        return `issue closed: ${(await issues.close(open.id)).url}`;
    }
    if (!open && lastLine(report) === UNDER_WAY)
        return "no issue opened: an update is under way, the next look will tell";
    if (open && lastLine(report) === UNDER_WAY)
        return "issue left as it is: an update is under way, the next look will tell";
    if (!open) return `issue opened: ${(await issues.open(title, body)).url}`;
    return `issue updated: ${(await issues.edit(open.id, body)).url}`;
}

function withMarker(report: string, key: string): string {
    const text =
        report.trim() === "" ? "## ❌ Could not tell\n\nThe run ended without a report; its log says why." : report;
    return `${withoutMarkers(text).trimEnd()}\n\n${marker(key)}\n`;
}

/** A report quotes nodes, and what looks like a marker there is to be none, wherever the text may be cut. */
function withoutMarkers(text: string): string {
    return text.replace(/<!--(?=\s*holdfast:)/g, "<! --");
}

function marker(key: string): string {
    if (!/^[\w.-]+$/.test(key)) throw new Error(`--key ${key}: letters, digits, . _ - only`);
    return `<!-- holdfast:${key} -->`;
}

/** Only what this token has written counts: anybody may write a marker, and close what they opened. */
async function find(notes: AsyncIterable<Note>, key: string): Promise<Note | undefined> {
    const wanted = marker(key);
    for await (const note of notes) if (note.isOurs && lastLine(note.body) === wanted) return note;
    return undefined;
}

/**
 * Above it is what a report says, and that may quote another stack's marker. A forge's editor makes CR LF of line ends.
 */
function lastLine(body: string): string {
    return body.trimEnd().split(/\r?\n/).at(-1) ?? "";
}
