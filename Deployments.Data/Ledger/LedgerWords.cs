using System.Text.Json;

namespace Deployments.Data.Ledger;

/// <summary>Kinds and origins as the words that hashed texts hold. Never change them.</summary>
static class LedgerWords
{
    static readonly string[] Kinds = [.. Enum.GetValues<LedgerKind>().Select(kind => Camel(kind.ToString()))];
    static readonly string[] Origins = [.. Enum.GetValues<LedgerOrigin>().Select(origin => Camel(origin.ToString()))];

    public static string Name(LedgerKind kind) => Kinds[(int)kind - 1];

    public static string Name(LedgerOrigin origin) => Origins[(int)origin - 1];

    static string Camel(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
