using Microsoft.Playwright;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Something that is pressed by a name that screen readers say.</summary>
internal sealed record Press(AriaRole Role, string Name)
{
    /// <summary>A button.</summary>
    public static Press Button(string name) => new(AriaRole.Button, name);

    /// <summary>An entry of the menu that is open.</summary>
    public static Press Entry(string name) => new(AriaRole.Menuitem, name);
}

/// <summary>A page, or a dialog on it, as somebody sees it.</summary>
/// <param name="Name">What it is called among the tests and the pictures.</param>
/// <param name="Path">Its address; <c>{destination}</c> and the like stand for ids of <see cref="UsedServer"/>.</param>
/// <param name="Shows">A text of what it is about: it is there when that is seen.</param>
internal sealed record Look(string Name, string Path, string Shows)
{
    /// <summary>What is pressed, one after the other, until a dialog is open; empty: it is the page itself.</summary>
    public IReadOnlyList<Press> Presses { get; init; } = [];

    /// <summary>False: somebody who has not logged in.</summary>
    public bool IsLoggedIn { get; init; } = true;

    /// <summary>True: on a server that nobody has used yet.</summary>
    public bool IsNew { get; init; }

    /// <summary>Every page with all that can be open on it. A page of the router that is missing here fails <see cref="EveryPageTests"/>.</summary>
    public static IReadOnlyList<Look> All { get; } =
    [
        new("login", "/keys", "Log in") { IsLoggedIn = false },
        new("setup", "/setup#a-token", "The set-up is done") { IsLoggedIn = false },
        new("join", "/join#{join}", "Set password and log in") { IsLoggedIn = false },
        new("join-without-token", "/join", "The link is not complete") { IsLoggedIn = false },
        new("not-found", "/nowhere", "There is no such page"),
        new("live", "/", "arrives at 1 of 2"),
        new("live-end", "/", "arrives at 1 of 2") { Presses = [Press.Button("End broadcast")] },
        new("live-second", "/live/second-stage", "Waiting for source"),
        new("start", "/start", "Ready to go live"),
        new("start-destination", "/start/destination", "Any RTMP server"),
        new("destinations", "/destinations", UsedServer.Broken),
        new("destinations-delete", "/destinations", UsedServer.Broken) { Presses = [Press.Button("More for Twitch"), Press.Entry("Delete…")] },
        new("destination-new", "/destinations/new", "Any RTMP server"),
        new("destination", "/destinations/{destination}", "The server takes the program as it is made."),
        new("destination-broken", "/destinations/{broken}", "refuses connections"),
        new("keys", "/keys", "Studio A"),
        new("keys-new", "/keys", "Studio A") { Presses = [Press.Button("New key")] },
        new("keys-sign", "/keys", "Studio A") { Presses = [Press.Button("Sign an address")] },
        new("keys-end-signed", "/keys", "Studio A") { Presses = [Press.Button("End signed addresses…")] },
        new("keys-rotate", "/keys", "Studio A") { Presses = [Press.Button("More for Studio A"), Press.Entry("Rotate…")] },
        new("keys-revoke", "/keys", "Studio A") { Presses = [Press.Button("More for Studio A"), Press.Entry("Revoke…")] },
        new("media", "/media", "Loop.mp4"),
        new("media-preview", "/media", "Loop.mp4") { Presses = [Press.Button("Preview Loop.mp4")] },
        new("media-delete", "/media", "Loop.mp4") { Presses = [Press.Button("More for Loop.mp4"), Press.Entry("Delete…")] },
        new("channels", "/channels", "second-stage"),
        new("channels-new", "/channels", "second-stage") { Presses = [Press.Button("New channel")] },
        new("channels-delete", "/channels", "second-stage") { Presses = [Press.Button("More for second-stage"), Press.Entry("Delete…")] },
        new("channel", "/channels/main", "Return when good for"),
        new("drill", "/drill", "Begin the drill"),
        new("drill-on-air", "/drill", "Begin the drill") { Presses = [Press.Button("Begin the drill")] },
        new("drill-second", "/drill/second-stage", "Begin the drill"),
        new("broadcasts", "/broadcasts", "Ended by somebody"),
        new("broadcast", "/broadcasts/{broadcast}", "The connection of the source broke."),
        new("broadcast-remove", "/broadcasts/{broadcast}", "The connection of the source broke.") { Presses = [Press.Button("Remove")] },
        new("access", "/access", "backup script"),
        new("access-add", "/access", "backup script") { Presses = [Press.Button("Add user")] },
        new("access-change", "/access", "backup script") { Presses = [Press.Button("Change ben")] },
        new("access-link", "/access", "backup script") { Presses = [Press.Button("Link for ben")] },
        new("access-remove", "/access", "backup script") { Presses = [Press.Button("Remove ben")] },
        new("access-token", "/access", "backup script") { Presses = [Press.Button("Make token")] },
        new("access-revoke", "/access", "backup script") { Presses = [Press.Button("Revoke backup script")] },
        new("webhooks", "/webhooks", "program.*"),
        new("webhooks-add", "/webhooks", "program.*") { Presses = [Press.Button("Add webhook")] },
        new("webhook", "/webhooks/{webhook}", "program.ended"),
        new("webhook-change", "/webhooks/{webhook}", "program.ended") { Presses = [Press.Button("Change")] },
        new("webhook-replay", "/webhooks/{webhook}", "program.ended") { Presses = [Press.Button("Replay")] },
        new("webhook-rotate", "/webhooks/{webhook}", "program.ended") { Presses = [Press.Button("New secret")] },
        new("webhook-remove", "/webhooks/{webhook}", "program.ended") { Presses = [Press.Button("Remove")] },
        new("journal", "/journal", "anna logged in"),
        new("log", "/log", UsedServer.Broken),
        new("system", "/system", "Only what is set"),
        new("new-live", "/", "The program goes nowhere yet") { IsNew = true },
        new("new-start", "/start", "Waiting for your encoder") { IsNew = true },
        new("new-destinations", "/destinations", "The program goes nowhere yet") { IsNew = true },
        new("new-keys", "/keys", "Own key of main") { IsNew = true },
        new("new-media", "/media", "The library is empty") { IsNew = true },
        new("new-drill", "/drill", "No encoder is connected") { IsNew = true },
        new("new-broadcasts", "/broadcasts", "No broadcast yet") { IsNew = true },
        new("new-access", "/access", "No tokens") { IsNew = true },
        new("new-webhooks", "/webhooks", "No webhooks yet") { IsNew = true },
    ];
}
