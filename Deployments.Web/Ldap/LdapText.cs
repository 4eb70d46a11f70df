using System.Globalization;
using System.Text;

namespace Deployments.Web.Ldap;

/// <summary>Puts what somebody typed into what a directory reads, so that it stays a value. Pure.</summary>
static class LdapText
{
    /// <summary>A value in a filter (RFC 4515, 3): what has a meaning there becomes two digits.</summary>
    public static string InFilter(string value)
    {
        var text = new StringBuilder();
        foreach (var letter in value)
        {
            if (letter is '\\' or '*' or '(' or ')' or '\0')
                text.Append(CultureInfo.InvariantCulture, $"\\{(int)letter:x2}");
            else
                text.Append(letter);
        }

        return text.ToString();
    }

    /// <summary>A value in a distinguished name (RFC 4514, 2.4).</summary>
    public static string InName(string value)
    {
        var text = new StringBuilder();
        for (var i = 0; i < value.Length; i++)
        {
            var letter = value[i];
            if (letter is '"' or '+' or ',' or ';' or '<' or '>' or '\\' or '='
                || (letter == '#' && i == 0) || (letter == ' ' && (i == 0 || i == value.Length - 1)))
                text.Append('\\');
            text.Append(letter);
        }

        return text.ToString();
    }

    /// <summary>
    /// A distinguished name as it is compared: directories write blanks around commas and cases differently.
    /// </summary>
    public static string Comparable(string name) =>
        string.Join(',', name.Split(',').Select(part => part.Trim())).ToUpperInvariant();
}
