using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Deployments.Data.Findings;
using Deployments.Data.Inventory;
using Deployments.Data.Notifications;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Inventory;
using Deployments.Web.Records;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Web.Notifications;

/// <summary>
/// What is told, as a JSON body and as sentences. What clients and advisories said is text of strangers.
/// </summary>
static class NotificationText
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // it is sent as JSON, never put into a page
    };

    /// <summary>What happened, as it was noted.</summary>
    public static NotificationFacts Read(string facts) =>
        JsonSerializer.Deserialize<NotificationFacts>(facts, Json) ?? new NotificationFacts();

    /// <summary>What a test of a rule pretends.</summary>
    public static string TestFacts(DateTimeOffset now) => JsonSerializer.Serialize(
        new NotificationFacts
        {
            Feed = "example",
            PackageType = "nuget",
            Name = "Example.Package",
            Version = "1.0.0",
            Target = "EXAMPLE-01",
            DeployedAt = now,
            Application = "Deployments",
            User = "nobody",
            Description = "A test of this notification. Nothing was deployed.",
        }, Json);

    /// <summary>What an occasion is called in a webhook.</summary>
    public static string EventOf(NotificationOccasion occasion) => occasion switch
    {
        NotificationOccasion.VulnerabilityFound => "vulnerability.found",
        NotificationOccasion.VulnerabilityDeployed => "vulnerability.deployed",
        NotificationOccasion.Deployment => "deployment.recorded",
        NotificationOccasion.AssessmentExpired => "assessment.expired",
        NotificationOccasion.DriftFound => "drift.found",
        NotificationOccasion.DriftGone => "drift.gone",
        _ => "test",
    };

    /// <summary>An occasion in words.</summary>
    public static string Words(NotificationOccasion occasion) => occasion switch
    {
        NotificationOccasion.VulnerabilityFound =>
            "an advisory newly touching a running version, or no longer assessed",
        NotificationOccasion.VulnerabilityDeployed => "a deployment of a version with a known advisory",
        NotificationOccasion.Deployment => "every deployment",
        NotificationOccasion.AssessmentExpired => "an assessment that has run out",
        NotificationOccasion.DriftFound => "new drift that an inventory shows",
        NotificationOccasion.DriftGone => "drift that is gone",
        _ => "a test",
    };

    /// <summary>The body of a webhook, as openapi.json describes it: the same bytes in each attempt.</summary>
    public static byte[] Body(NotificationRule rule, ClaimedNotification notification, NotificationLinks links)
    {
        var facts = Read(notification.Facts);
        return JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                @event = EventOf(notification.Occasion),
                delivery = notification.DeliveryKey,
                occurredAt = TimeText.Write(notification.CreatedAt),
                rule = rule.Name,
                link = links.OfOrNull(facts),
                deployment = facts.Drift is not null ? null : new
                {
                    id = facts.DeploymentId,
                    facts.Feed,
                    type = facts.PackageType,
                    facts.Group,
                    facts.Name,
                    facts.Version,
                    facts.Qualifier,
                    facts.Target,
                    facts.Application,
                    facts.User,
                    facts.Description,
                    facts.Url,
                    deployedAt = TimeText.Write(facts.DeployedAt),
                },
                vulnerability = facts.Advisory is not { } advisory ? null : new
                {
                    advisory.Id,
                    severity = ((SeverityLevel)advisory.Severity).ToString().ToLowerInvariant(),
                    advisory.Score,
                    advisory.Summary,
                    certain = advisory.IsCertain,
                    advisory.Fixed,
                },
                assessment = facts.Assessment is not { } assessment ? null : new
                {
                    state = AssessmentText.Name((AssessmentState)assessment.State),
                    assessment.Reason,
                    assessment.By,
                    expiredAt = TimeText.Write(assessment.ExpiredAt),
                },
                drift = DriftOrNull(facts),
            }, Json);
    }

    static object? DriftOrNull(NotificationFacts facts) => facts.Drift is not { } drift ? null : new
    {
        facts.Target,
        drift.Scope,
        at = TimeText.Write(drift.At),
        drift.Count,
        items = drift.Items.Select(item => new
        {
            item.Target,
            type = item.PackageType,
            item.Group,
            item.Name,
            kind = DriftText.Name((DriftKind)item.Kind),
            item.Recorded,
            item.Seen,
        }),
    };

    /// <summary>The subject of a mail.</summary>
    public static string Subject(NotificationRule rule, IReadOnlyList<ClaimedNotification> notifications)
    {
        if (notifications.Count > 1)
            return Line(string.Create(
                CultureInfo.InvariantCulture, $"{notifications.Count:N0} notifications: {rule.Name}"));
        var facts = Read(notifications[0].Facts);
        var what = $"{facts.FullName()} {facts.Version} on {facts.Target}";
        if (facts.Drift is { } drift)
            return Line(DriftSentence(notifications[0].Occasion, facts.Target, drift));
        return Line(notifications[0].Occasion switch
        {
            NotificationOccasion.Test => $"Test: {rule.Name}",
            NotificationOccasion.Deployment => $"Deployed: {what}",
            NotificationOccasion.AssessmentExpired =>
                $"{Level(facts.Advisory!)}, no longer assessed: {what} ({facts.Advisory!.Id})",
            _ => $"{Level(facts.Advisory!)}: {what} ({facts.Advisory!.Id})",
        });
    }

    /// <summary>One notification in a mail: a line that says it all, and lines with the rest.</summary>
    public static string Paragraph(ClaimedNotification notification, NotificationLinks links)
    {
        var facts = Read(notification.Facts);
        if (facts.Drift is { } drift)
            return string.Join("\n  ", DriftLines(notification, facts, drift, links).Select(Line));
        var what = $"{facts.FullName()} {facts.Version}";
        var lines = new List<string?>
        {
            notification.Occasion switch
            {
                NotificationOccasion.VulnerabilityFound =>
                    $"{facts.Target} runs {what}, which {facts.Advisory!.Id} ({Level(facts.Advisory)}) now touches.",
                NotificationOccasion.VulnerabilityDeployed =>
                    $"{facts.Target} now runs {what}, which {facts.Advisory!.Id} ({Level(facts.Advisory)}) touches.",
                NotificationOccasion.Deployment => $"{what} was deployed to {facts.Target}.",
                NotificationOccasion.AssessmentExpired =>
                    $"{facts.Target} runs {what}, and what was decided about {facts.Advisory!.Id} "
                    + $"({Level(facts.Advisory)}) is over.",
                _ => "This is a test; nothing was deployed.",
            },
        };
        if (facts.Advisory is { } advisory)
        {
            lines.Add(advisory.Summary);
            lines.Add(advisory.Fixed is null ? "No fixed version is known." : $"Fixed in {advisory.Fixed}.");
            if (!advisory.IsCertain)
                lines.Add("The version cannot be compared with the advisory, so this is not certain.");
        }

        if (facts.Assessment is { } assessment)
        {
            lines.Add($"Until {TimeText.Write(assessment.ExpiredAt)}, {assessment.By} had decided: "
                + $"{AssessmentText.Sentence((AssessmentState)assessment.State).ToLowerInvariant()}: "
                + assessment.Reason);
        }

        lines.Add($"Deployed {TimeText.Write(facts.DeployedAt)} by {facts.User} with {facts.Application}, "
            + $"through feed {facts.Feed}.");
        lines.Add(facts.Description);
        lines.Add(links.OfOrNull(facts));
        return string.Join("\n  ", lines.Where(line => !string.IsNullOrEmpty(line)).Select(line => Line(line!)));
    }

    /// <summary>What an inventory changed, in one sentence.</summary>
    public static string DriftSentence(NotificationOccasion occasion, string target, DriftFacts drift)
    {
        var count = drift.Count == 1 ? "1 package" : string.Create(
            CultureInfo.InvariantCulture, $"{drift.Count:N0} packages");
        return occasion == NotificationOccasion.DriftGone
            ? $"Drift is gone on {target}: {count}"
            : $"New drift on {target}: {count}";
    }

    static IEnumerable<string> DriftLines(
        ClaimedNotification notification, NotificationFacts facts, DriftFacts drift, NotificationLinks links)
    {
        yield return DriftSentence(notification.Occasion, facts.Target, drift) + ".";
        foreach (var item in drift.Items)
        {
            var where = item.Target == facts.Target ? "" : $"{item.Target}: ";
            var name = item.Group.Length > 0 ? $"{item.Group}/{item.Name}" : item.Name;
            yield return $"{where}{name}: {DriftText.Of((DriftKind)item.Kind).ToLowerInvariant()}, recorded "
                + $"{item.Recorded ?? "nothing"}, seen {item.Seen ?? "nothing"}";
        }

        if (drift.Count > drift.Items.Count)
            yield return string.Create(CultureInfo.InvariantCulture, $"and {drift.Count - drift.Items.Count:N0} more");
        var scope = drift.Scope.Length > 0 ? drift.Scope + " " : "";
        yield return $"By the inventory {scope}of {TimeText.Write(drift.At)}.";
        if (links.OfOrNull(facts) is { } link)
            yield return link;
    }

    static string Level(AdvisoryFacts advisory) =>
        VulnerabilityText.Name((SeverityLevel)advisory.Severity, advisory.Score);

    // On one line, and with what turns the direction of text written out.
    static string Line(string text) => Shown.Of(string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)));
}
