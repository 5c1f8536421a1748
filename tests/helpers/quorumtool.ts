/** What a real corosync has printed, with other figures: `corosync-quorumtool -s`. */

/** All above the members. `flags`: with a blank at the end, as corosync has it */
export const head = (quorate: string, expected: number, total: number, flags = "Quorate ") => `Quorum information
------------------
Date:             Fri Nov 27 10:45:16 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          0x00000001
Ring ID:          1.1e2
Quorate:          ${quorate}

Votequorum information
----------------------
Expected votes:   ${expected}
Highest expected: ${expected}
Total votes:      ${total}
Quorum:           2${quorate === "No" ? " Activity blocked" : ""}
Flags:            ${flags}

Membership information
----------------------
`;

/** Three nodes. */
export const plain = `    Nodeid      Votes Name
0x00000001          1 192.0.2.11 (local)
0x00000002          1 192.0.2.12
0x00000003          1 192.0.2.13
`;

/** Two nodes and a QDevice that gives so many votes. */
export const device = (votes: number, flags = "A,V,NMW") => `    Nodeid      Votes    Qdevice Name
0x00000001          1    ${flags} 192.0.2.11 (local)
0x00000002          1    ${flags} 192.0.2.12
0x00000000          ${votes}            Qdevice${votes === 0 ? " (votes 1)" : ""}
`;
