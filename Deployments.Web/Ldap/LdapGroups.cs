using System.DirectoryServices.Protocols;
using Deployments.Web.Settings;

namespace Deployments.Web.Ldap;

/// <summary>Finds the groups of somebody, and the groups that these are in.</summary>
/// <param name="connection">Who may read them.</param>
/// <param name="settings">Where they are.</param>
sealed class LdapGroups(LdapConnection connection, LdapSettings settings)
{
    const int GroupsMax = 1000;
    const int DepthMax = 10; // of groups within groups; circles end by themselves
    const int NamesInFilterMax = 50;
    const string InChain = "1.2.840.113556.1.4.1941"; // LDAP_MATCHING_RULE_IN_CHAIN

    /// <summary>Their distinguished names, as they are compared.</summary>
    public IReadOnlyCollection<string> Of(SearchResultEntry person)
    {
        if (settings.Groups == "activeDirectory")
        {
            var all = Find($"(member:{InChain}:={LdapText.InFilter(person.DistinguishedName)})");
            return all.Select(LdapText.Comparable).ToHashSet(StringComparer.Ordinal);
        }

        var known = new HashSet<string>(StringComparer.Ordinal);
        var next = new List<string> { person.DistinguishedName };
        // What a directory keeps with the person itself is believed too: it may have groups elsewhere.
        foreach (var group in person.Attributes["memberOf"]?.GetValues(typeof(string)).OfType<string>() ?? [])
        {
            if (known.Count < GroupsMax && known.Add(LdapText.Comparable(group)))
                next.Add(group);
        }

        for (var depth = 0; depth < DepthMax && next.Count > 0 && known.Count < GroupsMax; depth++)
        {
            var found = next.Chunk(NamesInFilterMax).SelectMany(names => Find(
                $"(|{string.Concat(names.Select(LdapText.InFilter).Select(
                    name => $"(member={name})(uniqueMember={name})"))})")).ToList();
            next = [.. found.Where(group => known.Count < GroupsMax && known.Add(LdapText.Comparable(group)))];
        }

        return known;
    }

    IReadOnlyList<string> Find(string filter)
    {
        var request = new SearchRequest(
            settings.GroupBase ?? settings.SearchBase, filter, SearchScope.Subtree, "1.1") // names alone
        {
            TimeLimit = LdapDirectory.ServerPatience,
        };
        var found = (SearchResponse)connection.SendRequest(request, LdapDirectory.ServerPatience);
        return [.. found.Entries.Cast<SearchResultEntry>().Select(entry => entry.DistinguishedName).Take(GroupsMax)];
    }
}
