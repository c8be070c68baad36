namespace StreamManager.Server.Security;

/// <summary>What somebody may do. A role or a token's scopes are a set of these; every route and every command names the one it needs.</summary>
[Flags]
internal enum Permissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Scope <c>view</c>: see status, previews, lists, events. Never secrets.</summary>
    View = 1,

    /// <summary>Scope <c>operate</c>: start, stop, choose sources, kick, enable and disable.</summary>
    Operate = 2,

    /// <summary>Scope <c>manage</c>: change channels, destinations, keys, media, webhooks.</summary>
    Manage = 4,

    /// <summary>Scope <c>administer</c>: users, everybody's tokens, the audit journal, export.</summary>
    Administer = 8,

    /// <summary>Role viewer.</summary>
    Viewer = View,

    /// <summary>Role operator: runs the show and sets it up.</summary>
    Operator = View | Operate | Manage,

    /// <summary>Role owner.</summary>
    Owner = View | Operate | Manage | Administer,
}
