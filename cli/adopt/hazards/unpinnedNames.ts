/** Network cards whose name the kernel derives from a slot: adding an NVMe has turned ens3 into ens5. */
import { interfacesOf, parseInterfaces } from "../../../model/interfaces";
import { lowerLinks } from "../../../model/interfaces/links";
import type { NetworkLink } from "../../../model/lint/lintContext";
import type { Hazard } from "../hazard";
import type { Survey } from "../survey";

/** `enx` holds the MAC address itself; VLANs and aliases stand on another name. */
const slotName = /^(?:en(?!x)|eth|wl(?!x))[a-z0-9]+$/;
const path = "/etc/network/interfaces";

export function unpinnedNames({ files, sourced, facts, further }: Survey): Hazard[] {
    const contents = Object.entries({ [path]: files[path]?.content ?? "", ...sourced });
    const mentions = contents.flatMap(([file, content]) => {
        const interfaces = interfacesOf(parseInterfaces(content));
        return interfaces
            .flatMap((iface) => [iface.token, ...lowerLinks(iface).map(({ token }) => token)])
            .map((token) => ({ file, token }));
    });
    const first = new Map([...mentions].reverse().map((mention) => [mention.token.text, mention]));
    return [...first.values()].flatMap(({ file, token }) => {
        const link = facts.links.find(({ name }) => name === token.text);
        if (!slotName.test(token.text) || !link?.mac || isPinned(link, further)) return [];
        const message = `${token.text} is named after its slot, which shifts when a card or an NVMe is added. Pin it by its MAC address, in the stack: nics: { ${token.text}: "${link.mac}" }`;
        return [{ rule: "unpinned-name", severity: "warning", file, line: token.line, column: token.column, message }];
    });
}

/** systemd's .link files, Proxmox's own pins among them, and the older udev rules. */
function isPinned({ name, mac }: NetworkLink, further: Survey["further"]): boolean {
    return Object.entries(further).some(([file, content]) => {
        const text = content.toLowerCase();
        if (!text.includes(mac!)) return false;
        if (file.endsWith(".link")) return new RegExp(`^\\s*name\\s*=\\s*${name}\\s*$`, "m").test(text);
        return file.endsWith(".rules") && new RegExp(`name="${name}"`).test(text);
    });
}
