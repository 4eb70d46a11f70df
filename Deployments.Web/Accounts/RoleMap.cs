using Deployments.Data.Accounts;
using Deployments.Web.Settings;

namespace Deployments.Web.Accounts;

/// <summary>Which groups or roles of somebody else make which role here. Pure.</summary>
sealed class RoleMap
{
    const string Everybody = "*";

    readonly (AccountRole Role, HashSet<string> Names)[] roles; // the highest first

    /// <summary>Reads the lists of the settings.</summary>
    /// <param name="administrators">Names, parted by semicolons; null: none.</param>
    /// <param name="publishers">So; <c>*</c>: everybody.</param>
    /// <param name="viewers">So; <c>*</c>: everybody.</param>
    /// <param name="comparer">How names are compared.</param>
    public RoleMap(string? administrators, string? publishers, string? viewers, StringComparer comparer)
    {
        roles =
        [
            (AccountRole.Administrator, RoleNames.Split(administrators).ToHashSet(comparer)),
            (AccountRole.Publisher, RoleNames.Split(publishers).ToHashSet(comparer)),
            (AccountRole.Viewer, RoleNames.Split(viewers).ToHashSet(comparer)),
        ];
    }

    /// <summary>Whether nothing is said of roles: then administrators say it here.</summary>
    public bool IsEmpty => roles.All(role => role.Names.Count == 0);

    /// <summary>The highest role that one of the names makes; null when none makes any.</summary>
    public AccountRole? RoleOrNull(IReadOnlyCollection<string> names)
    {
        foreach (var (role, wanted) in roles)
        {
            if (names.Any(wanted.Contains) || (role != AccountRole.Administrator && wanted.Contains(Everybody)))
                return role;
        }

        return null;
    }
}
