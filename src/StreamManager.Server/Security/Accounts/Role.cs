using System.Collections.Immutable;

namespace StreamManager.Server.Security.Accounts;

/// <summary>What a user is.</summary>
internal enum Role
{
    /// <summary>Sees.</summary>
    Viewer = 1,

    /// <summary>Runs the show and sets it up.</summary>
    Operator = 2,

    /// <summary>May do everything, users included.</summary>
    Owner = 3,
}

/// <summary>The words for roles, and what they may do.</summary>
internal static class Roles
{
    private static readonly ImmutableArray<(Role Role, string Name, Permissions Permissions)> All =
    [
        (Role.Viewer, "viewer", Permissions.Viewer),
        (Role.Operator, "operator", Permissions.Operator),
        (Role.Owner, "owner", Permissions.Owner),
    ];

    /// <summary>The word.</summary>
    public static string Name(Role role) => Find(role).Name;

    /// <summary>What the role may do.</summary>
    public static Permissions PermissionsOf(Role role) => Find(role).Permissions;

    /// <summary>A word; null: there is no such role.</summary>
    public static Role? Parse(string name)
    {
        foreach (var entry in All)
        {
            if (entry.Name == name)
                return entry.Role;
        }

        return null;
    }

    private static (Role Role, string Name, Permissions Permissions) Find(Role role) => All.First(entry => entry.Role == role);
}
