using Deployments.Web.Settings;
using FluentValidation;

namespace Deployments.Web.Accounts;

/// <summary>Refuses credentials that the settings give and with which nobody could sign in.</summary>
sealed class CredentialRules : AbstractValidator<DeploymentsSettings>
{
    public CredentialRules()
    {
        RuleFor(settings => settings.Bootstrap.AdminPassword).Length(Passwords.LengthMin, Passwords.LengthMax)
            .When(settings => settings.Bootstrap.AdminPassword is not null)
            .WithMessage(settings => SettingsCheck.Sentence(
                "Bootstrap:AdminPassword", settings.Bootstrap.AdminPassword,
                $"it must have {Passwords.LengthMin} to {Passwords.LengthMax} characters"));
        RuleForKey("Bootstrap:ApiKey", settings => settings.Bootstrap.ApiKey);
        RuleForKey("MetricsKey", settings => settings.MetricsKey);
    }

    void RuleForKey(string name, Func<DeploymentsSettings, string?> read) =>
        RuleFor(settings => settings).Must(settings => read(settings) is not { } key || ApiKeys.CanBe(key))
            .WithMessage(settings => SettingsCheck.Sentence(name, read(settings),
                $"it must have {ApiKeys.LengthMin} to {ApiKeys.LengthMax} visible characters of ASCII, and no colon"));
}
