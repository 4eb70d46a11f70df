using System.Security.Cryptography;
using System.Text.Json;

namespace Deployments.Data.TargetGroups;

/// <summary>A rule: which targets are in a group.</summary>
/// <param name="Pattern">A target's name in any case; <c>*</c> stands for any text, <c>?</c> for one character.</param>
/// <param name="Group">Name of the group.</param>
public sealed record TargetGroupRule(string Pattern, string Group);

/// <summary>All groups of targets, and the rules that say who is in which.</summary>
/// <param name="Groups">Their names, in the order in which lists and pictures show them.</param>
/// <param name="Rules">In the order in which they are tried: the first that matches counts.</param>
public sealed record TargetGroupDefinition(IReadOnlyList<string> Groups, IReadOnlyList<TargetGroupRule> Rules)
{
    /// <summary>The most groups there may be: the columns of a picture.</summary>
    public const int GroupsMax = 50;

    /// <summary>The most rules there may be: each is compared with each new target.</summary>
    public const int RulesMax = 500;

    /// <summary>No group at all.</summary>
    public static TargetGroupDefinition Empty { get; } = new([], []);

    /// <summary>Tells one definition from another, for whoever wants to change the one that was looked at.</summary>
    public string Revision =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { Groups, Rules })))[..16];
}

/// <summary>What rules would take, of the targets that there are.</summary>
/// <param name="Rules">What each rule takes, in their order.</param>
/// <param name="Rest">What none takes.</param>
public sealed record TargetGroupPreview(IReadOnlyList<TargetsTaken> Rules, TargetsTaken Rest);

/// <summary>Some targets.</summary>
/// <param name="Count">How many.</param>
/// <param name="Samples">Names of the first few.</param>
public sealed record TargetsTaken(long Count, IReadOnlyList<string> Samples)
{
    /// <summary>None.</summary>
    public static TargetsTaken Nothing { get; } = new(0, []);
}

/// <summary>A group as it is.</summary>
public sealed record TargetGroupRow
{
    /// <summary>Its id.</summary>
    public int TargetGroupId { get; init; }

    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>How many targets are in it, of those that the reader sees.</summary>
    public long Targets { get; init; }
}
