using System.Collections.Immutable;

namespace StreamManager.Server.Security;

/// <summary>What somebody may do. A role or a token's scopes are a set of these; every route and every command names the one it needs.</summary>
[Flags]
internal enum Permissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Scope <c>view</c>: see status, previews, lists, events. Never secrets.</summary>
    View = 1,

    /// <summary>Scope <c>operate</c>: start, stop, choose sources, kick, enable and disable destinations.</summary>
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

/// <summary>The words for permissions in the API.</summary>
internal static class PermissionNames
{
    private static readonly ImmutableArray<(Permissions Permission, string Name)> All =
    [
        (Permissions.View, "view"),
        (Permissions.Operate, "operate"),
        (Permissions.Manage, "manage"),
        (Permissions.Administer, "administer"),
    ];

    /// <summary>The words of a set, separated by commas.</summary>
    public static string Name(Permissions permissions) => string.Join(", ", List(permissions));

    /// <summary>The words of a set of which one is enough.</summary>
    public static string Either(Permissions permissions) => string.Join(" or ", List(permissions));

    /// <summary>The words of a set.</summary>
    public static ImmutableArray<string> List(Permissions permissions) => [.. All.Where(entry => permissions.HasFlag(entry.Permission)).Select(entry => entry.Name)];

    /// <summary>One word; false: there is no such permission.</summary>
    public static bool TryParse(string name, out Permissions permission)
    {
        permission = All.FirstOrDefault(entry => entry.Name == name).Permission;
        return permission is not Permissions.None;
    }
}
