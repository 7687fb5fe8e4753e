// The contract between the window and the app: what can be asked, with what, and what comes back.
// Written by `cargo test -p watchstate-api contract` from the Rust types; do not edit it.
/* eslint-disable */

/**
 * One account on one media server.
 */
export type BackendId = number;

/**
 * One movie or one episode, whatever the number of servers that have it.
 */
export type TitleId = number;

/**
 * One execution of a task on one backend.
 */
export type RunId = number;

/**
 * One backend's copy of a title.
 */
export type ItemId = number;

/**
 * Unix seconds on our clock.
 */
export type Moment = number;

/**
 * Something is wrong: what, and what to do about it. Both are sentences for people.
 */
export type Advice = { 
/**
 * What is wrong.
 */
what: string, 
/**
 * What to do about it.
 */
todo: string, };

/**
 * What the asker can do about a failure.
 */
export type FailureKind = "usage" | "server" | "keyring" | "noKeyring" | "store" | "changed" | "busy" | "cancelled" | "notFound" | "internal";

/**
 * What every command answers when it fails. Never holds a secret.
 */
export type Failure = { 
/**
 * What the asker can do.
 */
kind: FailureKind, 
/**
 * What is wrong.
 */
what: string, 
/**
 * What to do about it.
 */
todo: string, };

/**
 * What answers are about: an answer is stale when one of its tags changed.
 */
export type Tag = "backends" | "runs" | "owed" | "titles" | "journal" | "tasks" | "settings" | "live" | "watching" | "connections" | "webhooks" | "backups";

/**
 * What the app tells by itself.
 */
export type Event = { "type": "changed", 
/**
 * The tags.
 */
tags: Array<Tag>, } | { "type": "live", 
/**
 * All that goes on.
 */
live: Array<Live>, };

/**
 * A stretch of a long list.
 */
export type Page<T> = { 
/**
 * The stretch.
 */
rows: Array<T>, 
/**
 * How many there are in all.
 */
total: number, };

/**
 * A command that needs to be told nothing.
 */
export type Nothing = Record<symbol, never>;

/**
 * The state of the whole. The colour of the tray's icon.
 */
export type Truth = "inSync" | "working" | "needsYou" | "trouble" | "paused" | "empty";

/**
 * The state of the whole, and what leads further.
 */
export type Overview = { 
/**
 * The state of the whole.
 */
truth: Truth, 
/**
 * The same in a sentence, as in the tray.
 */
says: string, 
/**
 * What to do about it, where something keeps everything from going on: the database, the keyring. What
 * to do about a backend stands with the backend.
 */
todo: string | null, 
/**
 * Whether anything goes on or waits for its turn, and so can be stopped. [`Overview::truth`] says
 * `working` of what is still to be told as well, when nothing goes on.
 */
running: boolean, 
/**
 * All backends.
 */
backends: Array<BackendCard>, 
/**
 * How many titles are known.
 */
titles: number, 
/**
 * The last import or export that went well.
 */
lastSync: Moment | null, 
/**
 * What a schedule will begin next.
 */
nextRun: NextRun | null, 
/**
 * Until when no schedule begins anything.
 */
pausedUntil: Moment | null, 
/**
 * What happened since midnight.
 */
today: Today, 
/**
 * What waits for a person's yes.
 */
waiting: Array<Waiting>, 
/**
 * The preview that a person agreed to, where it is not what would be changed any more: nothing of it was
 * written.
 */
lookAnew: string | null, 
/**
 * What lets much become unwatched without asking, each in a sentence; empty where all is well.
 */
brakesOff: Array<string>, 
/**
 * That the database was damaged and made anew, until a person has put it away.
 */
mended: Mended | null, };

/**
 * What a schedule will begin next.
 */
export type NextRun = { 
/**
 * What.
 */
task: TaskName, 
/**
 * When.
 */
at: Moment, };

/**
 * What happened since midnight.
 */
export type Today = { 
/**
 * Marks that were taken over.
 */
marks: number, 
/**
 * Writes that were made and read back.
 */
written: number, 
/**
 * Changes that were held.
 */
held: number, 
/**
 * Writes that failed.
 */
failed: number, };

/**
 * Why something waits for a person.
 */
export type WaitingWhy = "firstExport" | "brake";

/**
 * Something waits for a person's yes.
 */
export type Waiting = { 
/**
 * On which backend.
 */
backend: BackendId, 
/**
 * Its name.
 */
name: string, 
/**
 * Why.
 */
why: WaitingWhy, 
/**
 * How many changes.
 */
count: number, };

/**
 * The database was damaged and made anew.
 */
export type Mended = { 
/**
 * When.
 */
at: Moment, 
/**
 * What was found, in words that follow "because".
 */
why: string, 
/**
 * Where the damaged file is now.
 */
aside: string, 
/**
 * When the copy was made that it goes on from; nothing where there was none, so that it began empty.
 */
copyAt: Moment | null, };

/**
 * How what happens on a backend comes to be known.
 */
export type ConnectionState = "live" | "polling" | "off" | "offline";

/**
 * What asking a server cost.
 */
export type Asking = { 
/**
 * Requests, those that failed and were sent again included.
 */
requests: number, 
/**
 * Bytes of the answers, as they came over the wire.
 */
bytes: number, };

/**
 * How a backend is listened to, and what that costs.
 */
export type Connection = { 
/**
 * How it stands.
 */
state: ConnectionState, 
/**
 * Since when; nothing where it was never otherwise.
 */
sinceAt: Moment | null, 
/**
 * Why it is off or cannot be reached: a sentence.
 */
why: string | null, 
/**
 * After how many seconds it is asked again. A server that tells only some of what happens is asked as
 * well, so this may stand beside [`ConnectionState::Live`].
 */
askedEveryS: number | null, 
/**
 * What asking cost in the last hour.
 */
lastHour: Asking, 
/**
 * How many messages were about somebody else, or about nobody that is known, since it is listened to: they
 * are dropped.
 */
dropped: number, };

/**
 * Which kind of server.
 */
export type ServerKind = "plex" | "jellyfin" | "emby" | "kodi";

/**
 * What is taken from a backend.
 */
export type Import = "on" | "metadata" | "off";

/**
 * A backend with all that its card shows.
 */
export type BackendCard = { 
/**
 * Its number.
 */
id: BackendId, 
/**
 * What the user calls it.
 */
name: string, 
/**
 * Which kind of server.
 */
kind: ServerKind, 
/**
 * The base address, without secrets.
 */
url: string, 
/**
 * The user's name there.
 */
user: string | null, 
/**
 * What is taken from it.
 */
import: Import, 
/**
 * Whether anything is written to it.
 */
export: boolean, 
/**
 * Whether a person said yes to its first export.
 */
approved: boolean, 
/**
 * The last import that went well.
 */
importedAt: Moment | null, 
/**
 * The last export that went well.
 */
exportedAt: Moment | null, 
/**
 * Items it has.
 */
items: number, 
/**
 * Items it shows as watched.
 */
watched: number, 
/**
 * Writes it is owed.
 */
owed: number, 
/**
 * Writes that are not tried any more.
 */
parked: number, 
/**
 * Un-watches seen there that wait for a person.
 */
held: number, 
/**
 * What went wrong last.
 */
trouble: Advice | null, 
/**
 * How it is listened to.
 */
connection: Connection, 
/**
 * Who answers in place of the one that is known: a person has to say what that means.
 */
stranger: Stranger | null, };

/**
 * Who answers in place of the server or the user that a backend is known by. Nothing is read from them and
 * nothing is written.
 */
export type Stranger = { 
/**
 * The name of the server that answers; empty where it says none.
 */
server: string, 
/**
 * The user there; nothing where the credentials are of no use there.
 */
user: string | null, 
/**
 * Whether it is the server that is another; else only the user is.
 */
otherServer: boolean, };

/**
 * What a library holds.
 */
export type LibraryKind = "movies" | "shows" | "mixed";

/**
 * A library of a server.
 */
export type Library = { 
/**
 * Its name.
 */
name: string, 
/**
 * What it holds.
 */
kind: LibraryKind, };

/**
 * What a backend said when it was tried.
 */
export type Tested = { 
/**
 * The server's name.
 */
server: string, 
/**
 * Its version.
 */
version: string, 
/**
 * Whose marks they are.
 */
user: string, 
/**
 * How far its clock is ahead of ours, in seconds.
 */
clockOffsetS: number, 
/**
 * The libraries that are read.
 */
libraries: Array<Library>, 
/**
 * The users that these credentials may see.
 */
users: Array<string>, };

/**
 * Which backend is meant.
 */
export type OneBackend = { 
/**
 * Its number.
 */
backend: BackendId, };

/**
 * What is to become different with a backend.
 */
export type SetBackend = { 
/**
 * Which.
 */
backend: BackendId, 
/**
 * Another name.
 */
name?: string, 
/**
 * Another address of the same server.
 */
url?: string, 
/**
 * What is taken from it.
 */
import?: Import, 
/**
 * Whether anything is written to it.
 */
export?: boolean, 
/**
 * Other credentials of the same user.
 */
credentials?: Credentials, 
/**
 * Whether another server or user than before is a new one in its place: a person said so. It is seen
 * for the first time, so that it takes nothing away from anybody.
 */
newServer?: boolean, };

/**
 * Which backend is to go.
 */
export type RemoveBackend = { 
/**
 * Which.
 */
backend: BackendId, 
/**
 * Whether what was learned from it stays.
 */
keepHistory: boolean, };

/**
 * How a server was found.
 */
export type FoundHow = "network" | "thisComputer" | "plexAccount";

/**
 * A server that was found.
 */
export type Found = { 
/**
 * Which kind.
 */
kind: ServerKind, 
/**
 * Its name.
 */
name: string, 
/**
 * Its address.
 */
url: string, 
/**
 * How it was found.
 */
how: FoundHow, };

/**
 * A user of a server.
 */
export type ServerUser = { 
/**
 * The server's id of the user.
 */
id: string, 
/**
 * The name people use.
 */
name: string, };

/**
 * A sign-in in progress or done. The secret stays in the app; the ticket stands for it.
 */
export type SignIn = { "state": "waiting", 
/**
 * What stands for it.
 */
ticket: string, 
/**
 * What is to be typed or compared.
 */
code: string, 
/**
 * To be opened in a browser; nothing for Quick Connect, where the code is typed on the server.
 */
openUrl: string | null, 
/**
 * Until when the code is good.
 */
expiresAt: Moment, } | { "state": "choose", 
/**
 * What stands for it.
 */
ticket: string, 
/**
 * Its servers, each by its nearest address.
 */
servers: Array<Found>, } | { "state": "done", 
/**
 * What stands for it.
 */
ticket: string, 
/**
 * The server's name.
 */
server: string, 
/**
 * Its version.
 */
version: string, 
/**
 * The users that these credentials may see.
 */
users: Array<ServerUser>, 
/**
 * The id of the one whose credentials they are; nothing for a key that belongs to nobody.
 */
user: string | null, } | { "state": "refused", 
/**
 * Why, and what to do.
 */
advice: Advice, };

/**
 * How one gets in.
 */
export type Credentials = { "by": "password", 
/**
 * The user name.
 */
username: string, 
/**
 * The password.
 */
password: string, } | { "by": "token", 
/**
 * The token.
 */
token: string, } | { "by": "plexPin" } | { "by": "quickConnect" };

/**
 * A server to sign in at.
 */
export type SignInWish = { 
/**
 * Which kind.
 */
kind: ServerKind, 
/**
 * Its address, as it was typed.
 */
url: string, 
/**
 * How one gets in.
 */
credentials: Credentials, };

/**
 * Which sign-in is meant.
 */
export type OneTicket = { 
/**
 * What stands for it.
 */
ticket: string, };

/**
 * Which server of an account is meant.
 */
export type ChooseServer = { 
/**
 * What stands for the sign-in.
 */
ticket: string, 
/**
 * The address of the server, as it was told.
 */
url: string, };

/**
 * A backend to be added, signed in at already.
 */
export type AddBackend = { 
/**
 * What stands for the sign-in.
 */
ticket: string, 
/**
 * What the user calls it.
 */
name: string, 
/**
 * The id of the user whose marks are meant.
 */
user: string, 
/**
 * What is taken from it.
 */
import: Import, 
/**
 * Whether anything is written to it.
 */
export: boolean, };

/**
 * What can be begun by a schedule.
 */
export type TaskName = "sync" | "import" | "export" | "backup" | "prune";

/**
 * What a run did.
 */
export type RunTask = "import" | "export" | "undo" | "restore";

/**
 * How an export was done.
 */
export type RunMode = "push" | "full";

/**
 * A run on one backend, with its counters.
 */
export type Run = { 
/**
 * Its number.
 */
id: RunId, 
/**
 * What it did.
 */
task: RunTask, 
/**
 * On which backend.
 */
backend: BackendId, 
/**
 * Its name.
 */
name: string, 
/**
 * When it began.
 */
startedAt: Moment, 
/**
 * When it ended.
 */
endedAt: Moment | null, 
/**
 * How an export was done.
 */
mode: RunMode | null, 
/**
 * Whether it went well; nothing while it goes on.
 */
ok: boolean | null, 
/**
 * Items that were looked at.
 */
seen: number, 
/**
 * Items that were new.
 */
added: number, 
/**
 * Items that showed something else than before.
 */
changed: number, 
/**
 * Items that showed what they showed.
 */
unchanged: number, 
/**
 * Items that could not be recognised.
 */
unmatched: number, 
/**
 * Writes that were owed when it began.
 */
planned: number, 
/**
 * Writes that were made and read back.
 */
written: number, 
/**
 * Items that showed it already.
 */
already: number, 
/**
 * Changes that wait.
 */
held: number, 
/**
 * Writes that failed.
 */
failed: number, 
/**
 * Requests sent.
 */
requests: number, 
/**
 * Bytes received.
 */
bytes: number, 
/**
 * How long it took, in milliseconds.
 */
ms: number, 
/**
 * What went wrong.
 */
error: string | null, 
/**
 * Whether anything of it can be taken back.
 */
canUndo: boolean, };

/**
 * What is being done.
 */
export type LiveTask = "import" | "export" | "planning";

/**
 * Something that goes on now.
 */
export type Live = { 
/**
 * On which backend; nothing for what is not about one.
 */
backend: BackendId | null, 
/**
 * Its name.
 */
name: string | null, 
/**
 * What.
 */
task: LiveTask, 
/**
 * How much is done; nothing while that is not known.
 */
done: number | null, 
/**
 * Of how much.
 */
total: number | null, 
/**
 * Since when.
 */
startedAt: Moment, };

/**
 * Which backends are to be brought to agree.
 */
export type SyncNow = { 
/**
 * Only these; all where there is nothing.
 */
backends?: Array<BackendId>, 
/**
 * The preview that a person was shown and agreed to.
 */
preview?: string, };

/**
 * Which backend is to be read.
 */
export type ImportNow = { 
/**
 * Which.
 */
backend: BackendId, 
/**
 * Everything anew, not only what may have changed.
 */
full: boolean, };

/**
 * Which backend is to be told.
 */
export type ExportNow = { 
/**
 * Which.
 */
backend: BackendId, 
/**
 * Everything there is looked at first.
 */
full: boolean, 
/**
 * The preview that a person was shown and agreed to.
 */
preview?: string, };

/**
 * How long a pause lasts.
 */
export type PauseUntil = "30min" | "morning";

/**
 * Whether schedules rest.
 */
export type PauseSync = { 
/**
 * For how long; nothing to go on.
 */
until: PauseUntil | null, };

/**
 * Which stretch of a long list.
 */
export type Stretch = { 
/**
 * How many to skip.
 */
from: number, 
/**
 * How many at most.
 */
size: number, };

/**
 * What would be done to a title on a backend.
 */
export type Action = "watch" | "unwatch" | "start" | "again" | "clear" | "played";

/**
 * What would be done to a backend, in numbers.
 */
export type PreviewCount = { 
/**
 * Which backend.
 */
backend: BackendId, 
/**
 * Its name.
 */
name: string, 
/**
 * Titles that would be marked as watched.
 */
watch: number, 
/**
 * Titles that would be marked as unwatched.
 */
unwatch: number, 
/**
 * Places and plays that would be told.
 */
position: number, 
/**
 * All of them.
 */
total: number, 
/**
 * Those that would wait all the same.
 */
held: number, };

/**
 * What a run would change, kept for a while in the app: its rows are asked for page by page.
 */
export type Preview = { 
/**
 * What stands for it.
 */
id: string, 
/**
 * When it was made.
 */
takenAt: Moment, 
/**
 * In numbers.
 */
perBackend: Array<PreviewCount>, 
/**
 * Backends that could not be asked, each with a sentence.
 */
troubles: Array<string>, 
/**
 * What is different from the preview before, where it was asked for and is still known.
 */
since: PreviewSince | null, };

/**
 * What is different from the preview before.
 */
export type PreviewSince = { 
/**
 * Changes that it did not show.
 */
anew: number, 
/**
 * Changes that it showed, and that would not be made any more.
 */
gone: number, };

/**
 * One change that would be made.
 */
export type PreviewRow = { 
/**
 * Which title.
 */
titleId: TitleId, 
/**
 * Its full name.
 */
title: string, 
/**
 * On which backend.
 */
backend: BackendId, 
/**
 * What would be done.
 */
action: Action, 
/**
 * What it shows.
 */
was: Mark, 
/**
 * What it would show.
 */
becomes: Mark, 
/**
 * Why.
 */
because: Reason, 
/**
 * Why it would not be written all the same.
 */
held: Reason | null, 
/**
 * Whether the preview before did not show it.
 */
anew: boolean, };

/**
 * Which preview is wanted.
 */
export type PreviewWish = { 
/**
 * Only writes to these; to all where there is nothing.
 */
backends?: Array<BackendId>, 
/**
 * Whether all backends are read first.
 */
import: boolean, 
/**
 * Whether it is of an export that compares everything, as `export_now` with `full` does.
 */
full?: boolean, 
/**
 * The preview before, to be told what is different from it.
 */
since?: string, };

/**
 * Which rows of a preview are wanted.
 */
export type PreviewRows = { 
/**
 * What stands for the preview.
 */
preview: string, 
/**
 * Only of this backend.
 */
backend?: BackendId, 
/**
 * Only titles whose names hold this.
 */
text?: string, 
/**
 * How many to skip.
 */
from: number, 
/**
 * How many at most.
 */
size: number, };

/**
 * How many un-watches wait on a backend, for one reason.
 */
export type HeldReason = { 
/**
 * The reason.
 */
because: Reason, 
/**
 * How many.
 */
count: number, };

/**
 * The un-watches of a backend that wait for a person.
 */
export type HeldCount = { 
/**
 * Which backend.
 */
backend: BackendId, 
/**
 * Its name.
 */
name: string, 
/**
 * How many.
 */
count: number, 
/**
 * Why, the most frequent first.
 */
reasons: Array<HeldReason>, 
/**
 * The names of a few of them.
 */
sample: Array<string>, };

/**
 * An un-watch that waits for a person.
 */
export type HeldRow = { 
/**
 * Of which copy.
 */
item: ItemId, 
/**
 * Which title.
 */
titleId: TitleId, 
/**
 * Its full name.
 */
title: string, 
/**
 * Where the mark is gone.
 */
backend: BackendId, 
/**
 * What that backend showed.
 */
was: Mark, 
/**
 * What it shows now.
 */
now: Mark, 
/**
 * Why it waits.
 */
because: Reason, 
/**
 * When the mark was last seen there.
 */
since: Moment, 
/**
 * When it was first seen to be gone.
 */
seenAt: Moment, };

/**
 * Which of the un-watches that wait are wanted.
 */
export type HeldWish = { 
/**
 * Only of this backend.
 */
backend?: BackendId, 
/**
 * Only of titles with these words in their names.
 */
text?: string, 
/**
 * How many to skip.
 */
from: number, 
/**
 * How many at most.
 */
size: number, };

/**
 * What a person says to un-watches that wait.
 */
export type HeldSay = "approve" | "reject";

/**
 * An answer to un-watches that wait: to all, to those of a backend, or to some.
 */
export type AnswerHeld = { 
/**
 * What is said.
 */
say: HeldSay, 
/**
 * Only to those of this backend.
 */
backend?: BackendId, 
/**
 * Only to these copies.
 */
items?: Array<ItemId>, 
/**
 * The preview of this answer, when a person was shown it.
 */
preview?: string, 
/**
 * The preview before, where a preview of this answer is to say what is different from it.
 */
since?: string, };

/**
 * How many titles may become unwatched without a person's yes.
 */
export type BrakeRule = { 
/**
 * Whether nothing is held. It is said wherever one looks at what waits.
 */
off: boolean, 
/**
 * So many always pass.
 */
atLeast: number, 
/**
 * And so many of a hundred watched titles.
 */
percent: number, 
/**
 * So many at once that were the latest marks of a backend wait, as after restoring a back-up; 0: never.
 */
latest: number, };

/**
 * A backend's own brake.
 */
export type BackendBrake = { 
/**
 * Which backend.
 */
backend: BackendId, 
/**
 * Its name.
 */
name: string, 
/**
 * Its rule.
 */
rule: BrakeRule, };

/**
 * All brakes there are.
 */
export type Brakes = { 
/**
 * The rule of the settings.
 */
usual: BrakeRule, 
/**
 * The person's, in place of it.
 */
person: BrakeRule | null, 
/**
 * Those of single backends.
 */
backends: Array<BackendBrake>, 
/**
 * What lets everything pass, each in a sentence; empty where all is well.
 */
off: Array<string>, };

/**
 * A brake is to be another one.
 */
export type SetBrake = { 
/**
 * For this backend alone; for the person where there is nothing.
 */
backend?: BackendId, 
/**
 * The rule; nothing for the one that holds otherwise.
 */
rule: BrakeRule | null, };

/**
 * Whether a title is watched, and where to go on.
 */
export type Mark = { 
/**
 * Whether it is watched.
 */
watched: boolean, 
/**
 * Where to go on, in milliseconds; beside a watched mark it is a rewatch.
 */
positionMs: number | null, };

/**
 * What a copy or we hold of a title.
 */
export type Marks = { 
/**
 * Whether it is watched.
 */
watched: boolean, 
/**
 * Where to go on, in milliseconds; beside a watched mark it is a rewatch.
 */
positionMs: number | null, 
/**
 * How often it was played.
 */
plays: number, 
/**
 * When it was last played; of a copy: on the server's clock.
 */
playedAt: Moment | null, };

/**
 * A reason as a code and as a sentence.
 */
export type Reason = { 
/**
 * The stable code.
 */
code: string, 
/**
 * The sentence.
 */
says: string, };

/**
 * A movie or an episode.
 */
export type TitleKind = "movie" | "episode";

/**
 * What is held of a title, roughly.
 */
export type TitleState = "watched" | "unwatched" | "started";

/**
 * Which titles are wanted; what is left out does not matter.
 */
export type TitleFilter = { 
/**
 * Beginnings of words of the name or the series' name.
 */
text?: string, 
/**
 * Movies or episodes.
 */
kind?: TitleKind, 
/**
 * What is held of them.
 */
state?: TitleState, 
/**
 * Those that this backend has.
 */
backend?: BackendId, 
/**
 * Those that this backend does not have.
 */
missingOn?: BackendId, 
/**
 * Those of which a backend shows something else than what is held.
 */
differs?: boolean, };

/**
 * Which stretch of which titles.
 */
export type Titles = { 
/**
 * Which titles.
 */
filter: TitleFilter, 
/**
 * How many to skip.
 */
from: number, 
/**
 * How many at most.
 */
size: number, };

/**
 * What a backend shows of a title.
 */
export type On = { 
/**
 * Which backend.
 */
backend: BackendId, 
/**
 * What it shows: where it has several copies, what one of them shows that differs, if any does.
 */
marks: Marks, 
/**
 * Whether all its copies show what is held.
 */
agrees: boolean, 
/**
 * Whether it had a copy at the last look.
 */
present: boolean, };

/**
 * A title as a list shows it.
 */
export type TitleRow = { 
/**
 * Its number.
 */
id: TitleId, 
/**
 * Its own name.
 */
name: string, 
/**
 * The name of its series.
 */
show: string | null, 
/**
 * Its season; nothing for a movie.
 */
season: number | null, 
/**
 * Its number in the season; nothing for a movie.
 */
episode: number | null, 
/**
 * Its year.
 */
year: number | null, 
/**
 * What is held.
 */
marks: Marks, 
/**
 * When that was decided.
 */
changedAt: Moment | null, 
/**
 * One entry for each backend that has it or had it.
 */
on: Array<On>, };

/**
 * An external id.
 */
export type TitleIdentity = { 
/**
 * Whose id: `imdb`, `tmdb` and so on.
 */
provider: string, 
/**
 * The id.
 */
value: string, };

/**
 * A write that a copy is owed.
 */
export type CopyOwed = { 
/**
 * What it is to show.
 */
becomes: Mark, 
/**
 * Why.
 */
because: Reason, 
/**
 * Why it waits, in a sentence.
 */
waiting: string | null, 
/**
 * Whether it is not tried any more.
 */
parked: boolean, };

/**
 * A backend's copy of a title.
 */
export type TitleCopy = { 
/**
 * Its number.
 */
item: ItemId, 
/**
 * On which backend.
 */
backend: BackendId, 
/**
 * What the server calls it.
 */
key: string, 
/**
 * Its path, as the server sees it.
 */
path: string | null, 
/**
 * Its running time in milliseconds.
 */
durationMs: number | null, 
/**
 * What it last showed.
 */
marks: Marks, 
/**
 * What was last agreed on.
 */
agreed: Marks | null, 
/**
 * When.
 */
agreedAt: Moment | null, 
/**
 * Whether it was there at the last look.
 */
present: boolean, 
/**
 * Why the last look was decided as it was.
 */
because: Reason, 
/**
 * What it is owed.
 */
owed: CopyOwed | null, };

/**
 * A title, opened.
 */
export type Title = { 
/**
 * Its external ids.
 */
ids: Array<TitleIdentity>, 
/**
 * Whether a person wants it to be left alone.
 */
ignored: boolean, 
/**
 * Its copies.
 */
copies: Array<TitleCopy>, 
/**
 * Its journal, the latest line first.
 */
journal: Array<JournalLine>, 
/**
 * Its number.
 */
id: TitleId, 
/**
 * Its own name.
 */
name: string, 
/**
 * The name of its series.
 */
show: string | null, 
/**
 * Its season; nothing for a movie.
 */
season: number | null, 
/**
 * Its number in the season; nothing for a movie.
 */
episode: number | null, 
/**
 * Its year.
 */
year: number | null, 
/**
 * What is held.
 */
marks: Marks, 
/**
 * When that was decided.
 */
changedAt: Moment | null, 
/**
 * One entry for each backend that has it or had it.
 */
on: Array<On>, };

/**
 * Which title is meant.
 */
export type OneTitle = { 
/**
 * Its number.
 */
title: TitleId, };

/**
 * A title to be marked everywhere.
 */
export type MarkTitle = { 
/**
 * Its number.
 */
title: TitleId, 
/**
 * Watched or unwatched.
 */
watched: boolean, };

/**
 * A title to be left alone, or not any more.
 */
export type IgnoreTitle = { 
/**
 * Its number.
 */
title: TitleId, 
/**
 * Whether nothing is written about it anywhere.
 */
ignored: boolean, };

/**
 * A title with its full name.
 */
export type NamedTitle = { 
/**
 * Its number.
 */
id: TitleId, 
/**
 * Its full name.
 */
name: string, };

/**
 * A backend with its name.
 */
export type NamedBackend = { 
/**
 * Its number.
 */
id: BackendId, 
/**
 * Its name.
 */
name: string, };

/**
 * A title that is being played.
 */
export type WatchedTitle = { 
/**
 * Its number.
 */
id: TitleId, 
/**
 * Its own name.
 */
name: string, 
/**
 * The name of its series.
 */
show: string | null, 
/**
 * Its season; nothing for a movie.
 */
season: number | null, 
/**
 * Its number in the season; nothing for a movie.
 */
episode: number | null, };

/**
 * How a backend stands to what is being played on another one.
 */
export type GoesHow = "told" | "waits" | "playsThere" | "exportOff" | "needsYou";

/**
 * A backend that has what is being played on another one.
 */
export type GoesTo = { 
/**
 * Which.
 */
backend: BackendId, 
/**
 * Its name.
 */
name: string, 
/**
 * How it stands.
 */
state: GoesHow, };

/**
 * Something that is being played now, paused included.
 */
export type Watching = { 
/**
 * On which backend.
 */
backend: NamedBackend, 
/**
 * Who watches: what the server calls the account's user, where it has users.
 */
person: string | null, 
/**
 * What; nothing when no import has seen it yet.
 */
title: WatchedTitle | null, 
/**
 * How far, in milliseconds, where the server says.
 */
positionMs: number | null, 
/**
 * Its running time in milliseconds, where it is known.
 */
durationMs: number | null, 
/**
 * Whether it stands still.
 */
paused: boolean, 
/**
 * On which device or program, where the server says.
 */
device: string | null, 
/**
 * Since when, as far as we saw.
 */
sinceAt: Moment, 
/**
 * The other backends that have it, in the order of the backends.
 */
goesTo: Array<GoesTo>, 
/**
 * Why nothing of it goes anywhere: a sentence. Then `goes_to` is empty.
 */
stays: string | null, };

/**
 * What happened.
 */
export type JournalWhat = "took" | "kept" | "held" | "told" | "parked" | "gone" | "asked";

/**
 * A line of the journal.
 */
export type JournalLine = { 
/**
 * Its number.
 */
id: number, 
/**
 * When.
 */
at: Moment, 
/**
 * In which run; 0 for the window.
 */
run: RunId, 
/**
 * Which title.
 */
title: NamedTitle, 
/**
 * Which backend; nothing for the window, and for a backend that was removed.
 */
backend: NamedBackend | null, 
/**
 * What happened.
 */
what: JournalWhat, 
/**
 * What was before.
 */
was: Mark, 
/**
 * What was afterwards.
 */
became: Mark, 
/**
 * Why.
 */
because: Reason, 
/**
 * Whether it can be taken back.
 */
canUndo: boolean, };

/**
 * Which lines of the journal are wanted.
 */
export type Journal = { 
/**
 * Beginnings of words of the title's names.
 */
text?: string, 
/**
 * Only of this backend.
 */
backend?: BackendId, 
/**
 * Only what happened so.
 */
what?: JournalWhat, 
/**
 * How many to skip.
 */
from: number, 
/**
 * How many at most.
 */
size: number, };

/**
 * What is to be taken back: one of these.
 */
export type UndoWish = { 
/**
 * All that a run changed. Of a run that took something back: then it is done once more.
 */
run?: RunId, 
/**
 * The latest change of a title.
 */
title?: TitleId, 
/**
 * The change that this line of the journal tells of.
 */
line?: number, 
/**
 * All that a backend shows otherwise than in this snapshot.
 */
snapshot?: number, };

/**
 * Something that is left as it is, or does not go back in whole.
 */
export type UndoLeft = { 
/**
 * Which title.
 */
title: NamedTitle, 
/**
 * On which backend; nothing where it is about what is held.
 */
backend: NamedBackend | null, 
/**
 * Why.
 */
because: Reason, 
/**
 * Whether it goes back but for what the reason names.
 */
partly: boolean, };

/**
 * What an undo would do, with the preview of what it would write.
 */
export type UndoPreview = { 
/**
 * How many titles it is about.
 */
titles: number, 
/**
 * Of how many of them something else would be held.
 */
holds: number, 
/**
 * What is left as it is, the first of it.
 */
left: Array<UndoLeft>, 
/**
 * How much of that there is in all.
 */
leftTotal: number, 
/**
 * What stands for it.
 */
id: string, 
/**
 * When it was made.
 */
takenAt: Moment, 
/**
 * In numbers.
 */
perBackend: Array<PreviewCount>, 
/**
 * Backends that could not be asked, each with a sentence.
 */
troubles: Array<string>, 
/**
 * What is different from the preview before, where it was asked for and is still known.
 */
since: PreviewSince | null, };

/**
 * What a backend showed before something was written to it.
 */
export type Snapshot = { 
/**
 * Its number.
 */
id: number, 
/**
 * Of which backend.
 */
backend: NamedBackend, 
/**
 * Before the first write of which run; nothing where it was outside of any.
 */
run: RunId | null, 
/**
 * When.
 */
takenAt: Moment, 
/**
 * How many items it has.
 */
items: number, 
/**
 * How many bytes it has; what did not change is shared with others.
 */
bytes: number, };

/**
 * Which undo a person was shown and agreed to.
 */
export type UndoNow = { 
/**
 * What stands for its preview.
 */
preview: string, };

/**
 * How a task ended last.
 */
export type TaskEnd = { 
/**
 * When.
 */
at: Moment, 
/**
 * Whether it went well.
 */
ok: boolean, 
/**
 * How long it took, in milliseconds.
 */
ms: number, 
/**
 * What it did, in a sentence.
 */
says: string, };

/**
 * A task and its schedule.
 */
export type Task = { 
/**
 * Which.
 */
name: TaskName, 
/**
 * Whether the schedule is on.
 */
on: boolean, 
/**
 * The schedule, as crontab writes it.
 */
line: string, 
/**
 * The same in words.
 */
words: string, 
/**
 * The next runs.
 */
next: Array<Moment>, 
/**
 * How it ended last.
 */
last: TaskEnd | null, 
/**
 * Whether it goes on now.
 */
running: boolean, 
/**
 * The environment variable that sets it: then it is locked here.
 */
lockedBy: string | null, };

/**
 * What is to become different with a task.
 */
export type SetTask = { 
/**
 * Which.
 */
name: TaskName, 
/**
 * Whether the schedule is on.
 */
on?: boolean, 
/**
 * Another schedule.
 */
line?: string, };

/**
 * A schedule to be read.
 */
export type ReadCron = { 
/**
 * As crontab writes it.
 */
line: string, };

/**
 * Which task is meant.
 */
export type OneTask = { 
/**
 * Which.
 */
name: TaskName, };

/**
 * A schedule that was read. `ok` says which of the two it is.
 */
export type CronLine = { 
/**
 * True.
 */
ok: true, 
/**
 * The same in words.
 */
words: string, 
/**
 * The next runs.
 */
next: Array<Moment>, } | { 
/**
 * False.
 */
ok: false, 
/**
 * What is wrong with it.
 */
advice: Advice, };

/**
 * Where a setting belongs.
 */
export type SettingGroup = "sync" | "progress" | "safety" | "window" | "network" | "files";

/**
 * One of the values of a setting.
 */
export type Choice = { 
/**
 * The value.
 */
value: string, 
/**
 * What it is called.
 */
title: string, };

/**
 * Which values a setting takes.
 */
export type SettingKind = { "type": "switch" } | { "type": "number", 
/**
 * The smallest.
 */
min: number, 
/**
 * The largest.
 */
max: number, 
/**
 * What it counts.
 */
unit: string | null, } | { "type": "text" } | { "type": "choice", 
/**
 * These.
 */
choices: Array<Choice>, };

/**
 * A setting.
 */
export type Setting = { 
/**
 * Its `WS_*` name.
 */
name: string, 
/**
 * Where it belongs.
 */
group: SettingGroup, 
/**
 * What it is called.
 */
title: string, 
/**
 * What it means.
 */
meaning: string, 
/**
 * Which values it takes.
 */
kind: SettingKind, 
/**
 * Its value.
 */
value: string, 
/**
 * Its value where nobody set it.
 */
default: string, 
/**
 * The environment variable that sets it: then it is locked here.
 */
lockedBy: string | null, };

/**
 * A setting to be changed.
 */
export type SetSetting = { 
/**
 * Its name.
 */
name: string, 
/**
 * Its value; nothing for the default.
 */
value: string | null, };

/**
 * The address at which one backend's server may tell what happened. It holds a secret: whoever knows it may
 * tell, too. Ask for it only to show it to a person.
 */
export type WebhookAddress = { 
/**
 * The whole address, to be entered at the server.
 */
address: string, 
/**
 * Why nothing would come that way now, if that is so.
 */
advice: Advice | null, };

/**
 * An address that was entered at its server.
 */
export type WebhookRegistered = { 
/**
 * Whether it was there before.
 */
already: boolean, 
/**
 * Why nothing would come that way now, if that is so.
 */
advice: Advice | null, };

/**
 * How it stands with listening.
 */
export type WebhookState = "off" | "listening" | "trouble";

/**
 * What one backend's server told.
 */
export type WebhooksOf = { 
/**
 * Which backend.
 */
backend: BackendId, 
/**
 * How many were taken.
 */
taken: number, 
/**
 * When the last one came.
 */
lastAt: Moment, };

/**
 * How many webhooks came since the app was started, and what became of them. Each is one of those below.
 */
export type WebhookCounts = { 
/**
 * How it stands with listening.
 */
state: WebhookState, 
/**
 * Where it listens or is to listen, without a secret: `127.0.0.1:8487`. Nothing while it is off.
 */
at: string | null, 
/**
 * Why it cannot listen.
 */
trouble: Advice | null, 
/**
 * All that came.
 */
received: number, 
/**
 * Taken: what they name is read again.
 */
taken: number, 
/**
 * About something that has no marks.
 */
noMarks: number, 
/**
 * Sent to an address that is nobody's.
 */
wrongSecret: number, 
/**
 * Sent by another server than the backend's.
 */
otherServer: number, 
/**
 * About another user than the backend's.
 */
otherUser: number, 
/**
 * Not understood.
 */
unreadable: number, 
/**
 * Longer than any webhook is.
 */
tooLarge: number, 
/**
 * Slower than any webhook is.
 */
tooSlow: number, 
/**
 * Too many in too short a time.
 */
tooMany: number, 
/**
 * Not taken by our own database.
 */
notKept: number, 
/**
 * What was taken, by backend; those that told nothing are not in it.
 */
backends: Array<WebhooksOf>, };

/**
 * What a file looks like from outside.
 */
export type BackupForm = "ours" | "other" | "damaged";

/**
 * A backup that is there.
 */
export type BackupFile = { 
/**
 * What stands for it.
 */
id: string, 
/**
 * The name of the file.
 */
file: string, 
/**
 * When it was made; of a file that does not say: when it was last changed.
 */
madeAt: Moment, 
/**
 * Whose history, where it says so.
 */
person: string | null, 
/**
 * The name of the backend, where it says so.
 */
backend: string | null, 
/**
 * The kind of its server, where it says so.
 */
kind: string | null, 
/**
 * How many titles it holds, where it says so.
 */
titles: number | null, 
/**
 * How large it is: bytes.
 */
bytes: number, 
/**
 * What it looks like.
 */
form: BackupForm, };

/**
 * The backups, and where they are.
 */
export type Backups = { 
/**
 * The folder.
 */
folder: string, 
/**
 * The files, the latest first.
 */
files: Array<BackupFile>, };

/**
 * A part of a file that a person dropped into the window.
 */
export type OfferBackup = { 
/**
 * What stands for the file; nothing with its first part.
 */
offer?: string, 
/**
 * The part, in base64.
 */
part: string, };

/**
 * A file that was dropped into the window, as far as it has come.
 */
export type OfferedBackup = { 
/**
 * What stands for it, in place of the number of a listed backup.
 */
offer: string, 
/**
 * How much of it has come: bytes.
 */
bytes: number, };

/**
 * How a backup is restored.
 */
export type RestoreWay = "union" | "exact";

/**
 * What is to be restored.
 */
export type RestoreWish = { 
/**
 * What stands for the backup, or for the file that was dropped.
 */
backup: string, 
/**
 * To which backends.
 */
backends: Array<BackendId>, 
/**
 * How.
 */
way: RestoreWay, };

/**
 * What a restore would change: its rows are asked for as those of any preview.
 */
export type RestorePreview = { 
/**
 * What would be written: to the chosen backends at once, to the others of that person by the next export.
 */
preview: Preview, 
/**
 * How many entries the backup has.
 */
entries: number, 
/**
 * How many titles they mean.
 */
matched: number, 
/**
 * How many entries mean none that can be told.
 */
notMatched: number, };

/**
 * An entry of a backup that means no title that can be told.
 */
export type NotMatched = { 
/**
 * Its name.
 */
name: string, 
/**
 * Whether the backup says that it is watched.
 */
watched: boolean, 
/**
 * Why.
 */
because: Reason, };

/**
 * Which entries that were not matched are wanted.
 */
export type NotMatchedRows = { 
/**
 * What stands for the preview.
 */
preview: string, 
/**
 * Only entries whose names hold this.
 */
text?: string, 
/**
 * How many to skip.
 */
from: number, 
/**
 * How many at most.
 */
size: number, };

/**
 * The restore that a person was shown and agreed to.
 */
export type RestoreNow = { 
/**
 * What stands for its preview.
 */
preview: string, };

/**
 * A table of the whole history that was written.
 */
export type WrittenTable = { 
/**
 * Where it is.
 */
path: string, 
/**
 * How many titles are in it.
 */
titles: number, };

/**
 * Where tokens are kept.
 */
export type SecretsIn = "keyring" | "file";

/**
 * Where the window is shown.
 */
export type Host = "desktop" | "browser";

/**
 * The app itself.
 */
export type About = { 
/**
 * Its version.
 */
version: string, 
/**
 * Where its data is.
 */
dataFolder: string, 
/**
 * Where its tokens are.
 */
secrets: SecretsIn, 
/**
 * Its licence.
 */
licence: string, 
/**
 * Where the window is shown.
 */
host: Host, 
/**
 * Whether it runs on demo servers.
 */
demo: boolean, };

/**
 * How grave a line of the log is.
 */
export type LogLevel = "error" | "warn" | "info" | "debug";

/**
 * A line of the log.
 */
export type LogLine = { 
/**
 * When.
 */
at: Moment, 
/**
 * How grave.
 */
level: LogLevel, 
/**
 * What.
 */
what: string, };

/**
 * Which lines of the log are wanted.
 */
export type Log = { 
/**
 * The least grave.
 */
level: LogLevel, 
/**
 * How many at most, the latest ones.
 */
size: number, };

/**
 * A file that was written.
 */
export type WrittenFile = { 
/**
 * Where it is.
 */
path: string, };

/** All commands: what each takes, and what it answers. */
export interface Commands {
  /** The whole at a glance. */
  overview: [Nothing, Overview];
  /** A person has read that the database was made anew. */
  put_mended_away: [Nothing, null];
  /** All backends. */
  backends: [Nothing, Array<BackendCard>];
  /** Asks a backend who it is and what it has. */
  test_backend: [OneBackend, Tested];
  /** Changes a backend; what is left out stays. */
  set_backend: [SetBackend, null];
  /** Removes a backend and its token. */
  remove_backend: [RemoveBackend, null];
  /** Signs in at a server; the secret stays in the app. */
  sign_in: [SignInWish, SignIn];
  /** How a sign-in stands. */
  sign_in_state: [OneTicket, SignIn];
  /** Goes on with one of the servers of an account. */
  choose_server: [ChooseServer, SignIn];
  /** The servers of the network and of this computer. Takes a few seconds. */
  find_servers: [Nothing, Array<Found>];
  /** Forgets a sign-in. */
  cancel_sign_in: [OneTicket, null];
  /** Adds a backend that was signed in at. */
  add_backend: [AddBackend, BackendId];
  /** Keeps tokens in a file that only its owner can read, where there is no keyring. */
  keep_secrets_in_file: [Nothing, null];
  /** Runs the app on demo servers until it is started anew. */
  start_demo: [Nothing, null];
  /** Imports, then exports. Answers when it has begun. With a preview: a person was shown it and agreed. */
  sync_now: [SyncNow, null];
  /** Imports from one backend. Answers when it has begun. */
  import_now: [ImportNow, null];
  /** Exports to one backend. Answers when it has begun. With a preview: a person was shown it and agreed. */
  export_now: [ExportNow, null];
  /** Stops all that goes on; what was done is kept. */
  stop_run: [Nothing, null];
  /** Lets schedules rest; `null` lets them go on. */
  pause_sync: [PauseSync, null];
  /** What a sync, or an export, would change. Nothing is written. */
  preview: [PreviewWish, Preview];
  /** A page of a preview. */
  preview_rows: [PreviewRows, Page<PreviewRow>];
  /** How many un-watches wait for a person, by backend, with the reasons and a sample. */
  held_counts: [Nothing, Array<HeldCount>];
  /** A page of the un-watches that wait for a person. */
  held: [HeldWish, Page<HeldRow>];
  /** What would be written after an answer to what waits. Nothing is decided or written. */
  preview_answer: [AnswerHeld, Preview];
  /** Answers what waits, and writes what follows. Answers when it has begun. */
  answer_held: [AnswerHeld, null];
  /** How many titles may become unwatched without a person's yes. */
  brakes: [Nothing, Brakes];
  /** Changes that, for the person or for one backend. */
  set_brake: [SetBrake, null];
  /** What taking something back would change. Nothing is written. */
  preview_undo: [UndoWish, UndoPreview];
  /** Takes back what a person was shown and agreed to. Answers when it has begun. */
  undo: [UndoNow, null];
  /** What backends showed before something was written to them, the latest first. */
  snapshots: [Nothing, Array<Snapshot>];
  /** What goes on. */
  live: [Nothing, Array<Live>];
  /** What is being played now, on whichever backend, and where it will be written. */
  watching: [Nothing, Array<Watching>];
  /** A page of the runs, the latest first. */
  runs: [Stretch, Page<Run>];
  /** A page of the titles that a filter leaves. */
  titles: [Titles, Page<TitleRow>];
  /** A title with its copies and its journal. */
  title: [OneTitle, Title];
  /** Marks a title everywhere. */
  mark_title: [MarkTitle, null];
  /** Leaves a title alone: nothing is written about it anywhere. */
  ignore_title: [IgnoreTitle, null];
  /** Reads all copies of a title again. Answers when it has begun. */
  reread_title: [OneTitle, null];
  /** A page of the journal, the latest line first. */
  journal: [Journal, Page<JournalLine>];
  /** What runs by itself, and when. */
  tasks: [Nothing, Array<Task>];
  /** Changes when a task runs. */
  set_task: [SetTask, null];
  /** A crontab line in words, or what is wrong with it. */
  read_cron: [ReadCron, CronLine];
  /** Begins a task. Answers when it has begun. */
  run_task: [OneTask, null];
  /** Stops a task; what was done is kept. */
  stop_task: [OneTask, null];
  /** All settings. */
  settings: [Nothing, Array<Setting>];
  /** Changes a setting. */
  set_setting: [SetSetting, null];
  /** The address at which a backend's server may tell what happened. It holds a secret. */
  webhook_address: [OneBackend, WebhookAddress];
  /** Gives a backend another such address; the one before is nobody's from then on. */
  renew_webhook: [OneBackend, WebhookAddress];
  /** Enters the address at the backend's server, where a program can do that. */
  register_webhook: [OneBackend, WebhookRegistered];
  /** What became of the webhooks that came, and how it stands with listening. */
  webhook_counts: [Nothing, WebhookCounts];
  /** The backups that are there. */
  backups: [Nothing, Backups];
  /** Takes a part of a backup that a person dropped into the window. */
  offer_backup: [OfferBackup, OfferedBackup];
  /** What restoring a backup would change. Nothing is changed. */
  preview_restore: [RestoreWish, RestorePreview];
  /** A page of the entries of a backup that mean no title which can be told. */
  not_matched: [NotMatchedRows, Page<NotMatched>];
  /** Restores the backup of a preview that a person agreed to. Answers when it has begun. */
  restore_now: [RestoreNow, null];
  /** Writes the whole history into a table beside the backups. */
  export_history: [Nothing, WrittenTable];
  /** The latest lines of the log. */
  log: [Log, Array<LogLine>];
  /** Writes a file for whoever helps, without secrets, addresses and titles. */
  support_bundle: [Nothing, WrittenFile];
  /** About the app. */
  about: [Nothing, About];
}

/** Which answers each command's depends on, and which are stale when it went well. */
export const TAGS: { readonly [C in keyof Commands]: { readonly reads: readonly Tag[]; readonly changes: readonly Tag[] } } = {
  overview: { reads: ["backends","runs","owed","tasks","live","connections"], changes: [] },
  put_mended_away: { reads: [], changes: ["backends"] },
  backends: { reads: ["backends","owed","connections"], changes: [] },
  test_backend: { reads: [], changes: [] },
  set_backend: { reads: [], changes: ["backends","owed"] },
  remove_backend: { reads: [], changes: ["backends","owed","titles"] },
  sign_in: { reads: [], changes: [] },
  sign_in_state: { reads: [], changes: [] },
  choose_server: { reads: [], changes: [] },
  find_servers: { reads: [], changes: [] },
  cancel_sign_in: { reads: [], changes: [] },
  add_backend: { reads: [], changes: ["backends"] },
  keep_secrets_in_file: { reads: [], changes: ["settings"] },
  start_demo: { reads: [], changes: ["backends","runs","owed","titles","journal","tasks","settings","live","watching","connections"] },
  sync_now: { reads: [], changes: [] },
  import_now: { reads: [], changes: [] },
  export_now: { reads: [], changes: [] },
  stop_run: { reads: [], changes: [] },
  pause_sync: { reads: [], changes: [] },
  preview: { reads: [], changes: [] },
  preview_rows: { reads: [], changes: [] },
  held_counts: { reads: ["backends","owed","titles"], changes: [] },
  held: { reads: ["backends","owed","titles"], changes: [] },
  preview_answer: { reads: [], changes: [] },
  answer_held: { reads: [], changes: [] },
  brakes: { reads: ["backends","settings"], changes: [] },
  set_brake: { reads: [], changes: ["settings"] },
  preview_undo: { reads: [], changes: [] },
  undo: { reads: [], changes: [] },
  snapshots: { reads: ["runs","backends"], changes: [] },
  live: { reads: ["live"], changes: [] },
  watching: { reads: ["watching","titles","owed","backends"], changes: [] },
  runs: { reads: ["runs"], changes: [] },
  titles: { reads: ["titles"], changes: [] },
  title: { reads: ["titles","owed"], changes: [] },
  mark_title: { reads: [], changes: ["titles","owed","journal"] },
  ignore_title: { reads: [], changes: ["titles","owed"] },
  reread_title: { reads: [], changes: [] },
  journal: { reads: ["journal"], changes: [] },
  tasks: { reads: ["tasks","runs"], changes: [] },
  set_task: { reads: [], changes: ["tasks"] },
  read_cron: { reads: [], changes: [] },
  run_task: { reads: [], changes: ["tasks"] },
  stop_task: { reads: [], changes: ["tasks"] },
  settings: { reads: ["settings"], changes: [] },
  set_setting: { reads: [], changes: ["settings","tasks"] },
  webhook_address: { reads: [], changes: [] },
  renew_webhook: { reads: [], changes: ["webhooks"] },
  register_webhook: { reads: [], changes: [] },
  webhook_counts: { reads: ["webhooks","settings"], changes: [] },
  backups: { reads: ["backups","settings"], changes: [] },
  offer_backup: { reads: [], changes: [] },
  preview_restore: { reads: [], changes: [] },
  not_matched: { reads: [], changes: [] },
  restore_now: { reads: [], changes: [] },
  export_history: { reads: [], changes: [] },
  log: { reads: [], changes: [] },
  support_bundle: { reads: [], changes: [] },
  about: { reads: [], changes: [] },
};
