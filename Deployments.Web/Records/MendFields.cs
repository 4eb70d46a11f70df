using FluentValidation;

namespace Deployments.Web.Records;

/// <summary>What a rejected record shall say: a deployment and the package it is of.</summary>
public sealed record MendFields : DeploymentFields
{
    /// <summary>Group, scope or namespace; null when the package has none.</summary>
    public string? Group { get; init; }

    /// <summary>The package; required.</summary>
    public string? Package { get; init; }

    /// <summary>Its version; required.</summary>
    public string? Version { get; init; }

    /// <summary>What tells two files of the version apart; null when nothing does.</summary>
    public string? Qualifier { get; init; }

    /// <summary>The same without blanks at the ends; a missing description is an empty one.</summary>
    public MendFields Cleaned() => Saying(this) with
    {
        Group = Group?.Trim(),
        Package = Package?.Trim(),
        Version = Version?.Trim(),
        Qualifier = Qualifier?.Trim(),
    };

    /// <summary>The same package with what <paramref name="said"/> says of its deployment.</summary>
    public MendFields Saying(DeploymentFields said)
    {
        ArgumentNullException.ThrowIfNull(said);
        var fields = said.Trimmed();
        return this with
        {
            Application = fields.Application,
            Description = fields.Description ?? "",
            Target = fields.Target,
            Url = fields.Url,
            UserName = fields.UserName,
            Date = fields.Date,
        };
    }
}

/// <summary>What is put right in many rejected records at once; null leaves what each says.</summary>
public sealed record MendCorrections
{
    /// <summary>The application of all.</summary>
    public string? Application { get; init; }

    /// <summary>The description of all.</summary>
    public string? Description { get; init; }

    /// <summary>The target of all.</summary>
    public string? Target { get; init; }

    /// <summary>The user of all.</summary>
    public string? UserName { get; init; }

    /// <summary>Leaves out each one's URL.</summary>
    public bool WithoutUrl { get; init; }

    /// <summary>Leaves out each one's date: it was deployed when the request came.</summary>
    public bool WithoutDate { get; init; }

    /// <summary>The same record, put right.</summary>
    public MendFields Over(MendFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        return fields with
        {
            Application = Application ?? fields.Application,
            Description = Description ?? fields.Description,
            Target = Target ?? fields.Target,
            UserName = UserName ?? fields.UserName,
            Url = WithoutUrl ? null : fields.Url,
            Date = WithoutDate ? null : fields.Date,
        };
    }
}

/// <summary>What a mended record must say: what every record must, and which package it is of.</summary>
public sealed class MendFieldsValidator : AbstractValidator<MendFields>
{
    /// <param name="fields">The rules that all roads share.</param>
    public MendFieldsValidator(IValidator<DeploymentFields> fields)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        Include(fields);
        RuleFor(mended => mended.Package).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(mended => mended.Version).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(mended => mended.Group).Coordinate();
        RuleFor(mended => mended.Qualifier).Coordinate();
    }
}
